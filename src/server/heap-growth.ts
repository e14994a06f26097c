/**
 * Room for garbage. V8 counts the memory of large requests and the log's slabs with its heap, and collects when both
 * have grown by some share of what is alive. A broker's live heap is small (12 MB), so under large produces that came
 * every 8 MB; with a fixed room it comes less often.
 */
const roomBytes = 32 * 1024 * 1024;
const lookEveryMs = 1000;

/** By how much the heap may grow until V8 collects, in percent of what is alive; 0 leaves it to V8. */
export function growingPercent(usedBytes: number): number {
  const percent = Math.round((roomBytes / usedBytes) * 100);
  return percent > 100 ? percent : 0;
}

/**
 * For the whole process, so only one that is nothing but a broker asks for it. Not at once: compiled code that is kept
 * for the next start (bin/compiled.js) fits only the flags that it was compiled with.
 */
export function giveHeapRoom(): void {
  let set = 0;
  const look = () => {
    const { getHeapStatistics, setFlagsFromString } = process.getBuiltinModule("node:v8");
    const percent = growingPercent(getHeapStatistics().used_heap_size);
    if (Math.abs(percent - set) <= set / 4) return;
    set = percent;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };
  setInterval(look, lookEveryMs).unref();
}
