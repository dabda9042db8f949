import { flux, kubectl } from '../../common/command-line.ts';
import { nameList } from '../../common/sentences.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import { GITOPS_PATCHES, ownedOutside, ownerName, ownersIn, tryOwners } from '../../sides/pause-gitops.ts';
import { whereIs } from '../../sides/side.ts';
import type { MoveOptions, MoveSide } from '../../sides/side-types.ts';
import type { TryOptions } from '../../sides/try-patches.ts';
import { type GitopsOwner, gitopsOwner } from '../../workloads/gitops-owners.ts';
import type { CheckContext, CheckRow } from '../preflight-types.ts';
import { triedRows } from '../tried-findings.ts';

/** Whether Argo CD or Flux would undo the stop on one side, or the start on the other, and whether they can be paused. */
export const checkGitops: CheckRow = {
  id: 'gitops',
  passed: 'No GitOps tool works against the move.',
  run: async (context) => {
    const { from, to, survey: found, targets, input } = context;
    return [
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
      ...(await pauseRows(context)),
      ...(await resumeRows(context)),
    ];
  },
};

// Asked of those that are served here: one in another cluster is refused by its own row.
const pauseRows = async ({ from, survey: found, input }: CheckContext): Promise<Finding[]> => {
  if (from === undefined || found === undefined || !input.options.pauseGitops) return [];
  const { side } = from;
  const owned = ownedOutside(
    side,
    found.gitops.filter(({ owner }) => isServed(owner, side)),
    found.entries,
  );
  const { tried, missing } = await tryOwners(side, owned, GITOPS_PATCHES.pause, optionsOf(input));
  // A copy carries the marks of the owner that it had at home, which need not be here.
  const lost = side.role === 'dest' ? [] : missing;
  return [
    ...lost.map((message) =>
      finding(
        'gitops',
        'refuse',
        whereIs(side),
        message,
        'Remove its labels and annotations from the workloads, or run again with --ignore-gitops instead of --pause-gitops.',
      ),
    ),
    ...triedRows(
      'gitops',
      tried,
      (name) => `to pause ${name}, which syncs workloads in ${whereIs(side)} from Git`,
      'Exempt it from what refuses that, or pause it by hand and run again with --ignore-gitops.',
    ),
  ];
};

// What an earlier move has paused is resumed at the end, when the application runs. There a refusal for want of a right
// is only told, and so is it here.
const resumeRows = async ({ to, targets, input }: CheckContext): Promise<Finding[]> => {
  if (input.kind === 'failover') return [];
  const { tried } = await tryOwners(
    to.side,
    ownedOutside(to.side, ownersIn(to.side, to.objects), targets),
    GITOPS_PATCHES.resume,
    optionsOf(input),
  );
  const rows = triedRows(
    'gitops',
    tried,
    (name) => `to resume ${name}, which an earlier move paused`,
    'Exempt it from what refuses that: the end of the move resumes it.',
  );
  const denied = new Set(tried.flatMap(({ name, failure }) => (failure?.status === 403 ? name : [])));
  return rows.map((check) =>
    check.level === 'refuse' && denied.has(check.subject) ? { ...check, level: 'warn' } : check,
  );
};

const optionsOf = ({ options, signal }: CheckContext['input']): TryOptions => ({
  concurrency: options.concurrency,
  signal,
});

type Owned = readonly {
  readonly object: { readonly kind: string; readonly metadata: { readonly name: string } };
  readonly owner: GitopsOwner;
}[];

/** What there is to say about the GitOps owners of what is stopped. Pure. */
export const stopRows = (
  side: MoveSide,
  owned: Owned,
  options: Pick<MoveOptions, 'pauseGitops' | 'ignoreGitops'>,
): Finding[] =>
  byOwner(owned).map(({ owner, objects }) => {
    const what = `${ownerName(owner)} syncs ${objects} in ${whereIs(side)} from Git`;
    if (options.pauseGitops && isServed(owner, side))
      return finding('gitops', 'info', ownerName(owner), `${what}; it is paused before they are stopped.`);
    if (options.ignoreGitops)
      return finding('gitops', 'warn', ownerName(owner), `${what}, and may start again what the move stops.`);
    if (options.pauseGitops) {
      return finding(
        'gitops',
        'refuse',
        ownerName(owner),
        `${what}, but runs in another cluster: context ${side.cluster.context} does not serve ${owner.kind}.`,
        `Pause it there by hand and run again with --ignore-gitops instead of --pause-gitops: ${byHand(owner, side)}`,
      );
    }
    return finding(
      'gitops',
      'refuse',
      ownerName(owner),
      `${what}, and would start again what the move stops.`,
      `Let dr-syncer pause and resume it with --pause-gitops, or add --ignore-gitops and pause it by hand: ${byHand(owner, side)}`,
    );
  });

/** What there is to say about the GitOps owners of what is started. Pure. */
export const startRows = (side: MoveSide, owned: Owned): Finding[] =>
  byOwner(owned).map(({ owner, objects }) =>
    finding(
      'gitops',
      'warn',
      ownerName(owner),
      `${ownerName(owner)} syncs ${objects} in ${whereIs(side)} from Git: if Git sets 0 replicas, it stops them again.`,
      `Change the counts in Git, or pause it: ${byHand(owner, side)}`,
    ),
  );

const byOwner = (owned: Owned): { owner: GitopsOwner; objects: string }[] =>
  [...Map.groupBy(owned, ({ owner }) => ownerName(owner)).values()].map((same) => {
    const [{ owner }] = same as [Owned[number]];
    return { owner, objects: nameList(same.map(({ object }) => `${object.kind} ${object.metadata.name}`)) };
  });

// An owner in a third cluster can only be described: nobody here knows how that cluster is called.
const byHand = (owner: GitopsOwner, side: MoveSide): string => {
  const { kind, namespace = 'argocd', name } = owner;
  const place = { cluster: side.cluster, namespace };
  if (kind === 'Application')
    return isServed(owner, side)
      ? kubectl(place, 'annotate', `application.argoproj.io/${name}`, SKIP)
      : `set the annotation ${SKIP} on ${ownerName(owner)}`;
  return isServed(owner, side)
    ? flux(place, 'suspend', kind.toLowerCase(), name)
    : `suspend ${ownerName(owner)} with flux`;
};

const SKIP = 'argocd.argoproj.io/skip-reconcile=true';

const isServed = (owner: GitopsOwner, side: MoveSide): boolean =>
  side.discovery.types.some(({ group, kind }) => group === owner.group && kind === owner.kind);
