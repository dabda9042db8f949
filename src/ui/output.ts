import { stringify } from 'yaml';
import { type Io, writeAll } from '../io.ts';

export const OUTPUTS = ['text', 'json', 'yaml', 'ndjson'] as const;
export type Output = (typeof OUTPUTS)[number];

/**
 * Writes one result to stdout in the form that was asked for; a JSON or YAML document is written in one piece, so
 * that it is always whole. `text` is only called when it is needed.
 */
export const writeResult = async <T extends object>(
  io: Pick<Io, 'stdout'>,
  output: Output,
  result: T,
  text: (result: T) => string,
): Promise<void> => {
  const forms: Record<Output, () => string> = {
    text: () => text(result),
    json: () => `${JSON.stringify(result, null, 2)}\n`,
    yaml: () => stringify(result, { lineWidth: 0, aliasDuplicateObjects: false }),
    ndjson: () => `${JSON.stringify({ event: 'result', ...result })}\n`,
  };
  await writeAll(io.stdout, forms[output]());
};
