import assert from "node:assert/strict";
import { test } from "node:test";
import { FoundSoFar } from "../../src/bench/compare/found.ts";
import { matrixPage } from "../../src/bench/compare/matrix-page.ts";
import { type Trial, trial } from "../../src/bench/compare/row.ts";

const used = { cpu: 0, generator: 0, stolen: 0 };

function of(id: string, load: string, shape: string): Trial {
  return trial({
    id,
    load,
    settings: ["fsync", "os"],
    rounds: 1,
    seconds: 1,
    figures: { perSecond: { what: `${load}: ${shape}`, unit: "records/s", better: "more" } },
    measure: async () => ({ perSecond: 0 }),
  });
}

test("the page of the matrix has a part for each load, with a row for each shape, and says what failed", async () => {
  const found = await FoundSoFar.open(["regroup", "kafka"]);
  const add = (id: string, setting: "fsync" | "os", ours: number, theirs: number) => {
    found.add({ trial: id, product: "regroup", setting }, { perSecond: ours }, used);
    found.add({ trial: id, product: "kafka", setting }, { perSecond: theirs }, used);
  };
  add("a", "fsync", 40, 10);
  add("a", "os", 30, 20);
  add("b", "fsync", 20, 10);
  found.fail({ trial: "b", product: "kafka", setting: "os" }, ["perSecond"], "too slow");
  const trials = [of("a", "write, acks=1", "lz4"), of("b", "write, acks=1", "zstd"), of("c", "read", "lz4")];
  const page = matrixPage("Measured here.", trials, found);
  assert.equal(
    page.slice(page.indexOf("| regroup / Kafka")),
    [
      "| regroup / Kafka | fsync | OS |",
      "| --- | --- | --- |",
      "| [write, acks=1](#write-acks1), records/s | 3.0 × (2.0 – 4.0) | 1.5 × (1.5 – 1.5) |",
      "| [read](#read), records/s | – | – |",
      "",
      "## write, acks=1",
      "",
      "| records/s | fsync: regroup | fsync: Kafka | fsync: ratio | OS: regroup | OS: Kafka | OS: ratio |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| lz4 | 40 | 10 | 4.0 × | 30 | 20 | 1.5 × |",
      "| zstd | 20 | 10 | 2.0 × | – | – | – |",
      "",
      "- write, acks=1: zstd, OS: Kafka failed once: too slow",
      "",
      "## read",
      "",
      "| records/s | fsync: regroup | fsync: Kafka | fsync: ratio | OS: regroup | OS: Kafka | OS: ratio |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| lz4 | – | – | – | – | – | – |",
    ].join("\n"),
  );
});

test("a shape that is not measured with each flush has a dash there", async () => {
  const found = await FoundSoFar.open(["regroup"]);
  const trials = [of("a", "groups", "of 10"), trial({ ...of("b", "groups", "of 5,000"), settings: ["os"] })];
  assert.match(matrixPage("Measured here.", trials, found), /^\| of 5,000 \| – \| – \| – \| – \| – \| – \|$/m);
});
