import { Document, isScalar, visit } from 'yaml';
import { type Io, writeAll } from './io.ts';
import { escapeQuoted, isUnsafe, safeJson, safeStrings } from './safe-text.ts';

export const OUTPUTS = ['text', 'json', 'yaml', 'ndjson'] as const;
export type Output = (typeof OUTPUTS)[number];

/**
 * Writes one result to stdout in the form that was asked for; a JSON or YAML document is written in one piece, so
 * that it is always whole. Nothing that comes from a cluster reaches a terminal as a control character; see safeLine.
 * `text` is only called when it is needed, with strings that are safe.
 */
export const writeResult = async <T extends object>(
  io: Pick<Io, 'stdout'>,
  output: Output,
  result: T,
  text: (result: T) => string,
): Promise<void> => {
  const forms: Record<Output, () => string> = {
    text: () => text(safeStrings(result, OF_LINES)),
    json: () => `${safeJson(result, 2)}\n`,
    yaml: () => safeYaml(result),
    ndjson: () => `${safeJson({ event: 'result', ...result })}\n`,
  };
  await writeAll(io.stdout, forms[output]());
};

// Documents of ours that are shown line by line.
const OF_LINES: ReadonlySet<string> = new Set(['roleYaml']);

const safeYaml = (result: object): string => {
  const document = new Document(result, { aliasDuplicateObjects: false });
  visit(document, (_key, node) => {
    if (isScalar(node) && typeof node.value === 'string' && isUnsafe(node.value.replaceAll('\n', '')))
      node.type = 'QUOTE_DOUBLE';
  });
  return escapeQuoted(document.toString({ lineWidth: 0 }));
};
