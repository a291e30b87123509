import type { Result } from './result.ts';

/** Three significant digits in the unit that fits: `1.82 µs`. */
export function formatTime(ns: number): string {
  const units = [
    [1e9, 's'],
    [1e6, 'ms'],
    [1e3, 'µs'],
  ] as const;
  const [scale, unit] = units.find(([least]) => ns >= least) ?? [1, 'ns'];
  return `${Number((ns / scale).toPrecision(3))} ${unit}`;
}

/** How many times a peer's median is Lockstep's, in the same operation at the same size. */
function formatRatio(result: Result, results: readonly Result[]): string {
  const ours = results.find(
    (each) =>
      each.system === 'lockstep' &&
      each.op === result.op &&
      each.rows === result.rows &&
      each.suite === result.suite,
  );
  if (ours === undefined || ours === result || ours.medianNs === 0) return '';
  return `${Number((result.medianNs / ours.medianNs).toPrecision(3))}x`;
}

const headings = ['op', 'rows', 'system', 'median', 'p99', 'to lockstep', 'bytes/row', '1/s', ''] as const;

/** One suite's results as a table of plain text. */
export function formatTable(results: readonly Result[]): string {
  const lines = results.map((result) => [
    result.op,
    result.rows.toLocaleString('en'),
    result.system,
    formatTime(result.medianNs),
    formatTime(result.p99Ns),
    formatRatio(result, results),
    result.bytesPerRow === undefined ? '' : String(Math.round(result.bytesPerRow)),
    result.perSecond === undefined ? '' : Math.round(result.perSecond).toLocaleString('en'),
    result.note ?? '',
  ]);
  const used = headings.map((heading, column) =>
    column < 5 || lines.some((line) => line[column] !== '') ? heading : null,
  );
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const left = new Set([0, 2, 8]);
  const format = (cells: readonly string[]): string =>
    cells
      .flatMap((cell, column) => {
        if (used[column] === null) return [];
        const width = widths[column] ?? 0;
        return [left.has(column) ? cell.padEnd(width) : cell.padStart(width)];
      })
      .join('  ')
      .trimEnd();
  return [format(headings), ...lines.map(format)].join('\n');
}
