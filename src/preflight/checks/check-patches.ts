import type { KubeObject, ResourceType } from '../../kube/api-types.ts';
import { apiVersionOf, objectKey, refKey } from '../../kube/object-names.ts';
import { stashedObject } from '../../pipeline/stash.ts';
import { baselineOf } from '../../sides/baseline.ts';
import { GITOPS_PATCHES, ownedOutside, ownersIn, tryOwners } from '../../sides/pause-gitops.ts';
import { whereIs } from '../../sides/side.ts';
import type { BaselineEntry } from '../../sides/side-types.ts';
import { tryCreate, tryStart, tryStartAgain, tryStop } from '../../sides/try-patches.ts';
import type { CheckContext, CheckRow, GatheredSides } from '../preflight-types.ts';
import { withOriginals } from '../starters.ts';
import { triedRows } from '../tried-findings.ts';

/** Whether the side that is left takes the patches that stop what runs there. */
export const checkStop: CheckRow = {
  id: 'stop',
  passed: 'The server allows every workload to be stopped.',
  run: async ({ from, survey, input }) => {
    if (from === undefined) return [];
    const entries = entriesOf({ from, survey }, input);
    const options = { concurrency: input.options.concurrency, signal: input.signal };
    const tried = await tryStop(from.side, entries, from.objects, options);
    if (tried.every(({ failure }) => failure === undefined)) input.stopsTaken?.(entries);
    return triedRows(
      'stop',
      tried,
      (name) => `to stop ${name} in ${whereIs(from.side)}`,
      'Exempt it from what refuses that for the duration of the move.',
    );
  },
};

/** Whether the side that is left would take what starts it again, when the move has to be undone. */
export const checkWayBack: CheckRow = {
  id: 'way-back',
  passed: 'The server allows every workload to be started again where it runs now.',
  run: async ({ from, survey, input }) => {
    if (from === undefined) return [];
    const options = { concurrency: input.options.concurrency, signal: input.signal };
    const entries = entriesOf({ from, survey }, input);
    const hint = 'Change what refuses that: once it is stopped, there would be no way back.';
    const owners = input.options.pauseGitops
      ? ownedOutside(from.side, ownersIn(from.side, from.objects), entries)
      : [];
    return [
      ...triedRows(
        'way-back',
        await tryStartAgain(from.side, entries, from.objects, options),
        (name) => `to start ${name} in ${whereIs(from.side)} again as it runs now, which a rollback would do`,
        hint,
      ),
      ...triedRows(
        'way-back',
        (await tryOwners(from.side, owners, GITOPS_PATCHES.resumeAgain, options)).tried,
        (name) => `to resume ${name} after a pause, which a rollback would do`,
        hint,
      ),
    ];
  },
};

/** Whether the side that starts takes the patches that start what is parked there, and what is created to run. */
export const checkStart: CheckRow = {
  id: 'start',
  passed: 'The server allows everything that is parked to be started.',
  run: async (context) => {
    const { to, targets, input } = context;
    if (to.namespaceState === 'absent') return [];
    const options = { concurrency: input.options.concurrency, signal: input.signal };
    const tried = [
      ...(await tryStart(to.side, targets, to.objects, options)),
      ...(await tryCreate(to.side, [...stagedAnew(context), ...keptAsManifests(context)], options)),
    ];
    return triedRows(
      'start',
      tried,
      (name) => `to start ${name} in ${whereIs(to.side)}`,
      'Change what refuses it, or the object on the side that runs; then run the preflight again.',
    );
  },
};

/** What a move stops on the side that is left. Pure. */
export const entriesOf = (
  { from, survey }: Pick<GatheredSides, 'from' | 'survey'>,
  { options }: Pick<CheckContext['input'], 'options'>,
): readonly BaselineEntry[] =>
  from === undefined || survey === undefined ? [] : baselineOf(from.side, survey, '', options.jobs).entries;

interface Made {
  readonly type: ResourceType;
  readonly object: KubeObject;
}

// What the stage of a cutover makes anew is started right after that: only as a creation can it be asked about now.
const stagedAnew = ({ copy, from, survey, input }: CheckContext): Made[] => {
  const entries = new Map(entriesOf({ from, survey }, input).map((entry) => [refKey(entry), entry]));
  return (copy?.prepared ?? []).flatMap(({ item, stashed }) => {
    const entry = item === undefined ? undefined : entries.get(objectKey(item.whole));
    if (item?.action !== 'create' || entry === undefined || stashed) return [];
    return [{ type: item.type, object: withOriginals(item.whole, entry.plan.fields) }];
  });
};

// Custom resources that no field parks are kept as manifests, and are created by the start itself.
const keptAsManifests = ({ copy, stashed, to, input }: CheckContext): Made[] => {
  if (input.kind === 'failback') return [];
  const anew = (copy?.prepared ?? []).flatMap(({ item }) =>
    item === undefined ? [] : (stashedObject(item.whole) ?? []),
  );
  const once = new Map([...stashed, ...anew].map((object) => [objectKey(object), object]));
  return [...once.values()].flatMap((object) => {
    const type = to.side.discovery.types.find(
      (served) => served.kind === object.kind && apiVersionOf(served) === object.apiVersion,
    );
    return type === undefined ? [] : [{ type, object }];
  });
};
