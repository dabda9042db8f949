import { flux, kubectl } from '../../../command-line.ts';
import { nameList } from '../../../sentences.ts';
import { type GitopsOwner, gitopsOwner } from '../../../workloads/gitops.ts';
import type { MoveOptions, MoveSide } from '../../move/types.ts';
import { row, whereIs } from '../sentences.ts';
import type { CheckRow, PreflightCheck } from '../types.ts';

/** Whether Argo CD or Flux would undo the stop on one side, or the start on the other. */
export const checkGitops: CheckRow = {
  id: 'gitops',
  passed: 'No GitOps tool works against the move.',
  run: ({ from, to, survey: found, targets, input }) => [
    ...(from === undefined || found === undefined ? [] : stopRows(from.side, found.gitops, input.options)),
    ...startRows(
      to.side,
      to.objects
        .filter((object) =>
          targets.some(({ kind, name }) => kind === object.kind && name === object.metadata.name),
        )
        .flatMap((object) => {
          const owner = gitopsOwner(object);
          return owner === undefined ? [] : [{ object, owner }];
        }),
    ),
  ],
};

type Owned = readonly {
  readonly object: { readonly kind: string; readonly metadata: { readonly name: string } };
  readonly owner: GitopsOwner;
}[];

/** What there is to say about the GitOps owners of what is stopped. Pure. */
export const stopRows = (
  side: MoveSide,
  owned: Owned,
  options: Pick<MoveOptions, 'pauseGitops' | 'ignoreGitops'>,
): PreflightCheck[] =>
  byOwner(owned).map(({ owner, objects }) => {
    const what = `${nameOf(owner)} keeps ${objects} in ${whereIs(side)} as in Git`;
    if (options.pauseGitops && isServed(owner, side))
      return row('gitops', 'info', nameOf(owner), `${what}; it is paused before they are stopped.`);
    if (options.ignoreGitops)
      return row('gitops', 'warn', nameOf(owner), `${what}, and may start again what is stopped.`);
    if (options.pauseGitops) {
      return row(
        'gitops',
        'refuse',
        nameOf(owner),
        `${what}, and lives in another cluster: context ${side.cluster.context} does not serve ${owner.kind}.`,
        `Pause it there by hand and run again with --ignore-gitops instead of --pause-gitops: ${byHand(owner, side)}`,
      );
    }
    return row(
      'gitops',
      'refuse',
      nameOf(owner),
      `${what}, and would start again what is stopped.`,
      `Let dr-syncer pause and resume it with --pause-gitops, or add --ignore-gitops and pause it by hand: ${byHand(owner, side)}`,
    );
  });

/** What there is to say about the GitOps owners of what is started. Pure. */
export const startRows = (side: MoveSide, owned: Owned): PreflightCheck[] =>
  byOwner(owned).map(({ owner, objects }) =>
    row(
      'gitops',
      'warn',
      nameOf(owner),
      `${nameOf(owner)} keeps ${objects} in ${whereIs(side)} as in Git: if Git says 0 replicas there, it stops them again.`,
      `Change the counts in Git, or pause it: ${byHand(owner, side)}`,
    ),
  );

const byOwner = (owned: Owned): { owner: GitopsOwner; objects: string }[] =>
  [...Map.groupBy(owned, ({ owner }) => nameOf(owner)).values()].map((same) => {
    const [{ owner }] = same as [Owned[number]];
    return { owner, objects: nameList(same.map(({ object }) => `${object.kind} ${object.metadata.name}`)) };
  });

const nameOf = ({ kind, namespace, name }: GitopsOwner): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

// An owner in a third cluster can only be described: nobody here knows how that cluster is called.
const byHand = (owner: GitopsOwner, side: MoveSide): string => {
  const { kind, namespace = 'argocd', name } = owner;
  const place = { cluster: side.cluster, namespace };
  if (kind === 'Application')
    return isServed(owner, side)
      ? kubectl(place, 'annotate', 'application.argoproj.io', name, SKIP)
      : `set the annotation ${SKIP} on ${nameOf(owner)}`;
  return isServed(owner, side)
    ? flux(place, 'suspend', kind.toLowerCase(), name)
    : `suspend ${nameOf(owner)} with flux`;
};

const SKIP = 'argocd.argoproj.io/skip-reconcile=true';

const isServed = (owner: GitopsOwner, side: MoveSide): boolean =>
  side.discovery.types.some(({ group, kind }) => group === owner.group && kind === owner.kind);
