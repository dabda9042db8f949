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
  remove(index: number, name: string): void;
  changes(): Changes;
  /** Resolves at the next change after the call. */
  next(): Promise<void>;
}

/** Makes the empty watched of `count` types, which are told apart by their index. Names are unique in each. */
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
  const change = (index: number, name: string, now: KubeObject | undefined): void => {
    const objects = typeAt(index);
    const before = objects.get(name);
    if (before === undefined && now === undefined) return;
    if (now === undefined) objects.delete(name);
    else objects.set(name, slim(now));
    all = undefined;
    version++;
    for (const tell of followers) tell(`${index}/${name}`, before, now);
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
      const names = new Set(objects.map(({ metadata }) => metadata.name));
      for (const name of [...old.keys()]) if (!names.has(name)) change(index, name, undefined);
      for (const object of objects) {
        const { name, resourceVersion } = object.metadata;
        const known = old.get(name);
        const same = resourceVersion !== undefined && known?.metadata.resourceVersion === resourceVersion;
        if (!same || known.metadata.uid !== object.metadata.uid) change(index, name, object);
      }
    },
    set: (index, object) => change(index, object.metadata.name, object),
    remove: (index, name) => change(index, name, undefined),
    changes: () => {
      let told = new Map<string, Change>();
      types.forEach((objects, index) => {
        for (const [name, now] of objects) told.set(`${index}/${name}`, { before: undefined, now });
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

// Who wrote which field is half of an object's size, and nothing that is watched asks for it. The object is the
// informer's own, just read.
const slim = (object: KubeObject): KubeObject => {
  delete object.metadata.managedFields;
  return object;
};
