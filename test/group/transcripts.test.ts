/** Conversations with a group coordinator. */
import { join } from "node:path";
import { testTranscripts } from "../support/transcripts.ts";
import { assertReplaysToSameState } from "./support/replays.ts";
import { runTranscript } from "./support/transcript.ts";

testTranscripts(join(import.meta.dirname, "transcripts"), runTranscript, assertReplaysToSameState);
