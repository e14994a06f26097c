/** The members of one group, a connection each, that do what the classic protocol asks of them and nothing beside. */
import { ErrorCode, errorName } from "../../protocol/errors.ts";
import { type MemberFrames, readError, readJoinHead } from "./member-frames.ts";
import type { Wire } from "./wire.ts";

type Question = "join" | "sync" | "heartbeat" | "leave";

const noId = new Uint8Array(0);

export class Member {
  readonly #wire: Wire;
  readonly #frames: MemberFrames;
  readonly #onStable: (member: Member) => void;
  /** Those that wait for their answers, which come in order. */
  readonly #asked: Question[] = [];
  #memberId: Uint8Array = noId;
  #syncing = -1;
  #onNews: () => void = () => undefined;
  /** Set when it leaves: what it asked before tells it nothing any more, and it never joins again. */
  #onLeft: (() => void) | undefined;
  /** Of which it has its assignment; -1 while it has none. */
  generationId = -1;

  constructor(wire: Wire, frames: MemberFrames, onStable: (member: Member) => void) {
    this.#wire = wire;
    this.#frames = frames;
    this.#onStable = onStable;
    wire.onAnswer = (answer) => this.#answered(this.#asked.shift()!, answer);
  }

  join(): void {
    this.generationId = -1;
    this.#ask("join", this.#frames.join.fill(this.#memberId));
  }

  /** It has its assignment and asks nothing now. */
  get isAtRest(): boolean {
    return this.generationId >= 0 && this.#asked.length === 0;
  }

  /** Asks whether the group goes on as it is, and joins again when it does not. @param onNews called then. */
  heartbeat(onNews: () => void = () => undefined): void {
    this.#onNews = onNews;
    this.#ask("heartbeat", this.#frames.heartbeat.fill(this.#memberId, this.generationId));
  }

  leave(onLeft: () => void): void {
    this.generationId = -1;
    this.#onLeft = onLeft;
    this.#ask("leave", this.#frames.leave.fill(this.#memberId));
  }

  #ask(question: Question, frame: Uint8Array): void {
    this.#asked.push(question);
    this.#wire.send(frame);
  }

  #answered(question: Question, answer: Buffer): void {
    const errorCode = readError(answer);
    if (this.#onLeft !== undefined && question !== "leave") return;
    if (question !== "leave" && outdated.includes(errorCode)) return this.#joinAgain(errorCode, question);
    if (question === "join") return this.#joined(errorCode, answer);
    if (errorCode !== ErrorCode.NONE) throw new Error(`a ${question} failed: ${errorName(errorCode)}`);
    if (question === "leave") return this.#onLeft?.();
    if (question === "heartbeat") return;
    this.generationId = this.#syncing;
    this.#onStable(this);
  }

  #joined(errorCode: number, answer: Buffer): void {
    const { generationId, memberId, isLeader } = readJoinHead(answer);
    if (this.#memberId === noId) this.#memberId = Buffer.from(memberId);
    if (errorCode === ErrorCode.MEMBER_ID_REQUIRED) return this.join(); // KIP-394
    if (errorCode !== ErrorCode.NONE) throw new Error(`a join failed: ${errorName(errorCode)}`);
    this.#syncing = generationId;
    this.#ask("sync", isLeader ? this.#frames.plan(answer) : this.#frames.sync.fill(this.#memberId, generationId));
  }

  /**
   * As a consumer does when its group goes on, or went on without it, as on machines that have too much to do. It gives
   * up its id only when nobody knows it any more: with a new one the group would wait until the old one's session ends.
   */
  #joinAgain(errorCode: number, question: Question): void {
    if (errorCode === ErrorCode.UNKNOWN_MEMBER_ID) this.#memberId = noId;
    this.join();
    if (question === "heartbeat") this.#onNews();
  }
}

/** The group has another generation, or is about to. */
const outdated: readonly number[] = [
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
];
