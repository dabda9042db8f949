import { rowHead, serverWarnings } from '../row-parts.ts';
import type { StageRow } from '../stage-types.ts';
import type { ClusterNeed, TriedNeed } from './bring-types.ts';

/** The row of the report about a need that was created, or tried. Pure. */
export const rowOfNeed = ({ need, action, reason, warnings, attempts, ms }: TriedNeed): StageRow => ({
  ...rowHead(need.body),
  scope: 'cluster',
  action: action === 'unknown' ? 'created' : action,
  reason,
  notes: [...need.notes, ...serverWarnings(warnings)],
  attempts,
  ms,
});

/** The row of a need that was not written: not reached, or refused for a reason. Pure. */
export const rowOfUnwritten = (need: ClusterNeed, refused: string | undefined): StageRow => ({
  ...rowHead(need.body),
  scope: 'cluster',
  action: refused === undefined ? 'pending' : 'refused',
  reason: refused ?? 'not written',
  notes: need.notes,
  attempts: 0,
  ms: 0,
});

/** One line for each need, as it is reported before the first write. Pure. */
export const needLine = ({ body, notes }: ClusterNeed): string =>
  [`${body.kind} ${body.metadata.name}`, ...notes.map(({ message }) => message)]
    .join(': ')
    .replace(/\.?$/, '.');
