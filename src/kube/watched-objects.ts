import type { KubeObject } from './api-types.ts';

/** One object as it was at the last look and as it is now; undefined where it was not there, or is gone. */
export interface Change {
  readonly before: KubeObject | undefined;
  readonly now: KubeObject | undefined;
}

/** What has changed from one look to the next, so that a look costs what has changed and not what there is. */
export interface Changes {
  /** What has changed since the last call, each object once; the first call returns everything that is there. */
  take(): readonly Change[];
  /** Forgets what would have been told; to be called when nobody looks any more. */
  stop(): void;
}

/** The objects of some types as they were last heard of. */
export interface WatchedObjects {
  /** All objects. The same array until something changes. */
  objects(): readonly KubeObject[];
  /** How many changes there were. */
  version(): number;
  /** Takes the whole list of a type in; what is as it was is no change. */
  replace(index: number, objects: readonly KubeObject[]): void;
  set(index: number, object: KubeObject): void;
  remove(index: number, object: KubeObject): void;
  changes(): Changes;
  /** Resolves at the next change after the call. */
  next(): Promise<void>;
}

/**
 * Makes the empty watched of `count` types, which are told apart by their index; objects of a type are by namespace and
 * name.
 */
export const createWatchedObjects = (count: number): WatchedObjects => {
  const types = Array.from({ length: count }, () => new Map<string, KubeObject>());
  const followers = new Set<
    (key: string, before: KubeObject | undefined, now: KubeObject | undefined) => void
  >();
  let all: readonly KubeObject[] | undefined;
  let version = 0;
  let wake = (): void => undefined;
  let next: Promise<void> | undefined;

  const typeAt = (index: number): Map<string, KubeObject> => types[index] as Map<string, KubeObject>;
  const change = (index: number, key: string, now: KubeObject | undefined): void => {
    const objects = typeAt(index);
    const before = objects.get(key);
    if (before === undefined && now === undefined) return;
    if (now === undefined) objects.delete(key);
    else objects.set(key, slim(now));
    all = undefined;
    version++;
    for (const tell of followers) tell(`${index}/${key}`, before, now);
    wake();
    next = undefined;
  };

  return {
    objects: () => {
      all ??= types.flatMap((objects) => [...objects.values()]);
      return all;
    },
    version: () => version,
    replace: (index, objects) => {
      const old = typeAt(index);
      const keys = new Set(objects.map(keyOf));
      for (const key of [...old.keys()]) if (!keys.has(key)) change(index, key, undefined);
      for (const object of objects) {
        const { resourceVersion } = object.metadata;
        const key = keyOf(object);
        const known = old.get(key);
        const same = resourceVersion !== undefined && known?.metadata.resourceVersion === resourceVersion;
        if (!same || known.metadata.uid !== object.metadata.uid) change(index, key, object);
      }
    },
    set: (index, object) => change(index, keyOf(object), object),
    remove: (index, object) => change(index, keyOf(object), undefined),
    changes: () => {
      let told = new Map<string, Change>();
      types.forEach((objects, index) => {
        for (const [key, now] of objects) told.set(`${index}/${key}`, { before: undefined, now });
      });
      const tell = (key: string, before: KubeObject | undefined, now: KubeObject | undefined): void => {
        const first = told.get(key);
        told.set(key, { before: first === undefined ? before : first.before, now });
      };
      followers.add(tell);
      return {
        take: () => {
          const taken = [...told.values()];
          told = new Map();
          return taken.filter((item) => item.before !== undefined || item.now !== undefined);
        },
        stop: () => followers.delete(tell),
      };
    },
    next: () => {
      next ??= new Promise<void>((resolve) => {
        wake = resolve;
      });
      return next;
    },
  };
};

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;

// Who wrote which field is half of an object's size, and nothing that is watched asks for it. The object is the
// informer's own, just read.
const slim = (object: KubeObject): KubeObject => {
  delete object.metadata.managedFields;
  return object;
};
