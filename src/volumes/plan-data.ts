import type { DataWork } from './data-types.ts';
import type { ClaimPair } from './mover-types.ts';
import { type Moment, pairNow, refuseSome } from './pair-now.ts';
import { copyArgs } from './pv-migrate-args.ts';

/**
 * What a copy would do, without doing it: for each claim where its data goes and the command that would copy it, or
 * why it is left out. Paths of private files are shown as `<private>`, the id of the copy as `<id>`. Throws
 * RefusedError naming the claims that may not be copied.
 */
export const planData = async (
  work: DataWork,
  moment: Moment,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const paired = await pairNow(work, moment, signal);
  refuseSome(paired, work.from);
  const lines = paired.flatMap(({ pair, verdict }) => {
    if (verdict.kind === 'skip') return [`skip PVC ${pair.name}: ${verdict.reason}`];
    const notes = verdict.kind === 'warn' ? [`  note: ${verdict.reason}`] : [];
    return [`copy PVC ${where(work, pair)}`, ...notes, `  ${commandOf(work, pair)}`];
  });
  const { verify } = work.options;
  const copies = paired.some(({ verdict }) => verdict.kind !== 'skip');
  if (!copies) return [...lines, 'no PVC holds data, so nothing is copied'];
  return verify === undefined
    ? lines
    : [...lines, `compare both sides of each PVC by ${verify.mode}, in a pod of ${verify.image}`];
};

const where = ({ from, to }: DataWork, { name, capacity, source, dest }: ClaimPair): string =>
  `${name}${capacity === undefined ? '' : ` (${capacity})`}: ${from.cluster.context}/${source.namespace} -> ${to.cluster.context}/${dest.namespace}`;

const commandOf = ({ from, to, mover, options }: DataWork, pair: ClaimPair): string =>
  [
    'pv-migrate',
    ...copyArgs({
      dialect: mover.dialect,
      pair,
      options: options.mover,
      source: { kubeconfig: '<private>', context: from.access.context },
      dest: { kubeconfig: '<private>', context: to.access.context },
      values: '<private>',
      id: '<id>',
    }),
  ]
    .map((word) => (/[^\w@%+=:,./<>-]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word))
    .join(' ');
