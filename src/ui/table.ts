/** How a column is set: text to the left, numbers to the right. */
export type Align = 'left' | 'right';

/**
 * Lines of an aligned table, columns two spaces apart; the last left-aligned column is not padded. Widths are counted
 * in code points, so cells must not carry colour.
 */
export const tableLines = (rows: readonly (readonly string[])[], align: readonly Align[] = []): string[] => {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, [...cell].length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const gap = ' '.repeat((widths[column] ?? 0) - [...cell].length);
        if (align[column] === 'right') return gap + cell;
        return column === row.length - 1 ? cell : cell + gap;
      })
      .join('  ')
      .trimEnd(),
  );
};
