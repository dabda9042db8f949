import type { StageRow } from '../stage-types.ts';
import type { ClusterNeed, TriedNeed } from './bring-types.ts';

/** The row of the report about a need that was created, or tried. Pure. */
export const rowOfNeed = ({ need, action, reason, warnings, attempts, ms }: TriedNeed): StageRow => ({
  ...head(need),
  action: action === 'unknown' ? 'created' : action,
  reason,
  notes: [
    ...need.notes,
    ...warnings.map((message) => ({
      level: 'warn' as const,
      path: '',
      message: `The server warns: ${message}`,
    })),
  ],
  attempts,
  ms,
});

/** The row of a need that was not written: not reached, or refused for a reason. Pure. */
export const rowOfUnwritten = (need: ClusterNeed, refused: string | undefined): StageRow => ({
  ...head(need),
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

const head = ({ body }: ClusterNeed): Pick<StageRow, 'apiVersion' | 'kind' | 'name' | 'scope'> => ({
  apiVersion: body.apiVersion,
  kind: body.kind,
  name: body.metadata.name,
  scope: 'cluster',
});
