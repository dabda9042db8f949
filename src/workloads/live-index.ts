import type { KubeObject } from '../kube/api-types.ts';
import { objectKey } from '../kube/object-names.ts';
import { stringAt, valueAt } from '../kube/raw-json.ts';
import { finished } from './is-finished.ts';
import { nextOwnerOf, ownerChain, type UidIndex } from './owners.ts';
import { isMirror } from './pods-under.ts';

/** An object before and after a change; undefined where it is not there. */
interface Changed {
  readonly before: KubeObject | undefined;
  readonly now: KubeObject | undefined;
}

/**
 * Who owns whom and what is said about whom in a namespace, kept up to date change by change: a look at one workload
 * costs its own pods and events, however many others there are.
 */
export interface LiveIndex extends UidIndex {
  /** Takes one change in. Returns the objects whose state it may concern: the object, its owners, what an event is about. */
  take(change: Changed): readonly KubeObject[];
  find(kind: string, name: string): KubeObject | undefined;
  /** The pods that run and descend from one object, at any depth: those whose state says how this object is doing. */
  podsUnder(object: KubeObject): KubeObject[];
  /** The Warning events about any of these objects. */
  warningsAbout(objects: readonly KubeObject[]): KubeObject[];
}

export const createLiveIndex = (): LiveIndex => {
  const uids = new Map<string, KubeObject>();
  const names = new Map<string, KubeObject>();
  const kinds = new Map<string, KubeObject>();
  const children = createGroups();
  const warnings = createGroups();
  const index: UidIndex = { byUid: (uid) => uids.get(uid) };

  const put = (object: KubeObject, there: boolean): void => {
    if (object.kind === 'Event') {
      for (const key of subjectsOf(object)) warnings.put(key, object, there);
      return;
    }
    const owner = nextOwnerOf(object);
    if (owner !== undefined) children.put(owner.uid, object, there);
    for (const [map, key] of [
      [uids, uidOf(object)],
      [names, objectKey(object)],
      [kinds, kindOf(object)],
    ] as const) {
      if (there) map.set(key, object);
      else map.delete(key);
    }
  };
  const withOwners = (object: KubeObject): KubeObject[] => [
    object,
    ...ownerChain(object, index).flatMap(({ uid }) => uids.get(uid) ?? []),
  ];
  const concerned = (object: KubeObject): KubeObject[] =>
    object.kind === 'Event'
      ? subjectsOf(object)
          .flatMap((key) => uids.get(key) ?? kinds.get(key) ?? [])
          .flatMap(withOwners)
      : withOwners(object);

  return {
    ...index,
    take: ({ before, now }) => {
      const old = before === undefined ? [] : concerned(before);
      if (before !== undefined) put(before, false);
      if (now !== undefined) put(now, true);
      return now === undefined ? old : [...old, ...concerned(now)];
    },
    find: (kind, name) => names.get(`${kind}/${name}`),
    podsUnder: (object) => {
      const found: KubeObject[] = [];
      const seen = new Set<KubeObject>();
      const waiting = [object];
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if (seen.has(next)) continue;
        seen.add(next);
        if (isPod(next) && !finished(next) && !isMirror(next)) found.push(next);
        waiting.push(...children.of(uidOf(next)));
      }
      return found.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    },
    warningsAbout: (objects) => [
      ...new Set(objects.flatMap((object) => [uidOf(object), kindOf(object)].flatMap(warnings.of))),
    ],
  };
};

const isPod = ({ apiVersion, kind }: KubeObject): boolean => kind === 'Pod' && apiVersion === 'v1';

const uidOf = (object: KubeObject): string => object.metadata.uid ?? objectKey(object);
const kindOf = (object: KubeObject): string => `${object.kind} ${object.metadata.name}`;

// An event names what it is about by its UID; one without is taken by kind and name.
const subjectsOf = (event: KubeObject): string[] => {
  if (event['type'] !== 'Warning') return [];
  const field = ['involvedObject', 'regarding'].find((name) => valueAt(event, name) !== undefined);
  if (field === undefined) return [];
  const uid = stringAt(event, field, 'uid');
  if (uid !== undefined) return [uid];
  return [`${stringAt(event, field, 'kind')} ${stringAt(event, field, 'name')}`];
};

/** Objects by the key of what they belong to. */
const createGroups = () => {
  const groups = new Map<string, Map<string, KubeObject>>();
  return {
    of: (key: string): KubeObject[] => [...(groups.get(key)?.values() ?? [])],
    put: (key: string, object: KubeObject, there: boolean): void => {
      const group = groups.get(key) ?? new Map<string, KubeObject>();
      if (there) groups.set(key, group.set(uidOf(object), object));
      else if (group.delete(uidOf(object)) && group.size === 0) groups.delete(key);
    },
  };
};
