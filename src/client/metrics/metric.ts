/** One number of a snapshot, shaped as OpenTelemetry's data points are. */
export type Attributes = Readonly<Record<string, string | number>>;

interface Named {
  readonly name: string;
  /** In the UCUM spelling that OpenTelemetry uses: "s", "ms", "By", "{message}". */
  readonly unit: string;
  readonly attributes: Attributes;
}

/** A counter only grows, from when the client was made on; a gauge is as of now. */
export interface NumberMetric extends Named {
  readonly type: "counter" | "gauge";
  readonly value: number;
}

/** How often values were how large: a count for each bucket. */
export interface HistogramMetric extends Named {
  readonly type: "histogram";
  readonly count: number;
  readonly sum: number;
  /** Upper bounds, inclusive; the last of `counts` is what is above all of them. */
  readonly boundaries: readonly number[];
  readonly counts: readonly number[];
}

/** One measured thing, by its OpenTelemetry name. */
export type Metric = NumberMetric | HistogramMetric;
