import type { Finding } from '../../../src/needs/findings.ts';
import type { CheckContext, CheckRow } from '../../../src/preflight/preflight-types.ts';

/** A side of namespace shop, as far as sentences name it. */
export const sideOf = (context: string) => ({ side: { namespace: 'shop', cluster: { context } } });

/** What a check that reads nothing says of a picture, as `level: message`. */
export const rowsOf = ({ run }: CheckRow, context: object): string[] =>
  (run(context as unknown as CheckContext) as Finding[]).map(({ level, message }) => `${level}: ${message}`);
