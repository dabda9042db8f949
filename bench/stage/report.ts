/** One run of one contender: wall-clock seconds, and CPU seconds of its processes and of the clusters meanwhile. */
export interface Measured {
  readonly name: string;
  readonly seconds: number;
  readonly clientCpu: number;
  readonly serverCpu: number;
}

/** Prints each contender's medians, and the median over the rounds of its time divided by the subject's. */
export const printTable = (measured: readonly Measured[], subject: string): void => {
  const names = [...new Set(measured.map(({ name }) => name))].sort(
    (a, b) => rank(a, subject) - rank(b, subject),
  );
  const rowsOf = (name: string): Measured[] => measured.filter((row) => row.name === name);
  const subjects = rowsOf(subject);
  console.log(`${' '.repeat(28)}seconds   ratio   client CPU   server CPU   (medians of ${subjects.length})`);
  for (const name of names) {
    const rows = rowsOf(name);
    const ratio = median(
      rows.map(({ seconds }, round) => seconds / (subjects[round]?.seconds ?? Number.NaN)),
    );
    console.log(
      name.padEnd(26) +
        cell(median(rows.map((row) => row.seconds)), 9) +
        cell(ratio, 8) +
        cell(median(rows.map((row) => row.clientCpu)), 13) +
        cell(median(rows.map((row) => row.serverCpu)), 13),
    );
  }
};

/** Prints what a second stage with nothing changed costs. `result` is the document of the last of them. */
export const printRestage = (
  restaged: readonly Measured[],
  // biome-ignore lint/suspicious/noExplicitAny: the result document of another process
  result: any,
): void => {
  const { source, dest } = result.requests;
  const sum = (field: string): number => source[field] + dest[field];
  console.log(
    `re-stage, nothing changed: ${median(restaged.map((row) => row.seconds)).toFixed(2)} s, ` +
      `${sum('writes')} writes, ${sum('dryRuns')} dry runs, ${result.totals.unchanged} unchanged; ` +
      `${sum('total')} requests = ${sum('lists')} list pages + ${sum('discovery')} discovery + ${sum('gets')} gets + ` +
      `${sum('reviews')} reviews`,
  );
};

const rank = (name: string, subject: string): number => (name === subject ? 0 : 1);

const cell = (value: number, width: number): string => value.toFixed(2).padStart(width);

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
};
