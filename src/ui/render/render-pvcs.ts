import { formatBytes } from '../../common/bytes.ts';
import type { MoveResult } from '../../moves/move-result.ts';
import { tableLines } from '../table.ts';

/** How the copy of each claim ended, as a table. `isTold`: why claims failed stands above it on the same terminal. */
export const claimLines = (claims: NonNullable<MoveResult['claims']>, { isTold = false } = {}): string[] =>
  tableLines([
    ['PVC', 'DATA', 'SIZE', 'SECONDS', 'BY', 'VERIFIED', 'REASON'],
    ...claims.map((claim) => [
      claim.claim,
      claim.status,
      claim.bytes === undefined ? '-' : formatBytes(claim.bytes),
      claim.seconds?.toFixed(1) ?? '-',
      claim.strategy ?? '-',
      claim.verification?.outcome ?? 'no',
      isTold && claim.status === 'failed' ? 'as reported above' : (claim.reason ?? ''),
    ]),
  ]);
