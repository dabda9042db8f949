import { errorText } from '../common/errors.ts';
import { hasStatus } from './api-errors.ts';
import type { ObjectMeta, ResourceType } from './api-types.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { RestartReason, TypeSink } from './follow.ts';
import { typeName } from './object-names.ts';

/** One change, of which no more than the metadata is known. */
export interface SeenChange {
  readonly type: ResourceType;
  /** Empty for an object without a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly deleted: boolean;
  /** When it was heard of, by performance.now(). */
  readonly at: number;
  /** As the server sent it; of an object that was found to be gone, only what names it. */
  readonly metadata: ObjectMeta;
}

/** The changes of one type, and how well they are heard. */
export interface TypeChanges {
  readonly type: ResourceType;
  readonly sink: TypeSink;
  /** Resolves when the type is being watched, or could not be for the first time. */
  readonly firstAnswer: Promise<void>;
  /** By performance.now(); undefined while the type is not heard. */
  unbrokenSince(): number | undefined;
  isRefused(): boolean;
}

interface Hearers {
  onChange(change: SeenChange): void;
  onTrouble(message: string): void;
  onRestart(reason: RestartReason): void;
}

/** Makes the sink that turns what is heard of a type into changes. Keeps a hash of each object, and nothing else of it. */
export const createChangesOfType = (
  { context, type }: { readonly context: string; readonly type: ResourceType },
  { onChange, onTrouble, onRestart }: Hearers,
): TypeChanges => {
  const prints = new Map<string, string>();
  const firstAnswer = Promise.withResolvers<void>();
  /** Whether what is heard is compared with a whole list. */
  let isListed = false;
  /** Since when nothing has been missed that the watch will not tell. */
  let since: number | undefined;
  let isWatched = false;
  /** What was told last, until it is over. */
  let trouble: string | undefined;
  let isRefused = false;

  const tell = (metadata: ObjectMeta, deleted: boolean): void => {
    const { namespace = '', name } = metadata;
    if (isListed) onChange({ type, namespace, name, deleted, at: performance.now(), metadata });
  };
  const hear = (metadata: ObjectMeta): string => {
    const key = keyOf(metadata);
    const print = fingerprintOf(metadata);
    if (prints.get(key) !== print) {
      prints.set(key, print);
      tell(metadata, false);
    }
    return key;
  };
  const complain = (message: string): void => {
    if (trouble !== message) onTrouble(message);
    trouble = message;
    isWatched = false;
    firstAnswer.resolve();
  };

  return {
    type,
    firstAnswer: firstAnswer.promise,
    unbrokenSince: () => (isWatched ? since : undefined),
    isRefused: () => isRefused,
    sink: {
      begin: () => {
        const seen = new Set<string>();
        isWatched = false;
        return {
          add: ({ metadata }) => seen.add(hear(metadata)),
          end: () => {
            for (const key of prints.keys()) {
              if (seen.has(key)) continue;
              prints.delete(key);
              tell(metadataOf(key), true);
            }
            isListed = true;
            // The list is as of a moment before; what has changed since then is what the watch will tell.
            since = performance.now();
          },
        };
      },
      set: ({ metadata }) => void hear(metadata),
      remove: ({ metadata }) => {
        prints.delete(keyOf(metadata));
        tell(metadata, true);
      },
      well: () => {
        isWatched = true;
        isRefused = false;
        trouble = undefined;
        firstAnswer.resolve();
      },
      ill: (error) => {
        // What refuses all of a server's requests (401), or is an outage, says nothing of the type.
        isRefused ||= hasStatus(error, 403, 404, 405);
        complain(errorText(error));
      },
      unserved: () => {
        isRefused = true;
        since = undefined;
        complain(`Context ${context} does not serve ${typeName(type)}.`);
      },
      restarted: (reason) => {
        if (reason !== 'ended') isWatched = false;
        onRestart(reason);
      },
    },
  };
};

const keyOf = ({ namespace = '', name }: ObjectMeta): string => `${namespace}/${name}`;

// Neither a namespace nor a name has a slash in it.
const metadataOf = (key: string): ObjectMeta => {
  const [namespace = '', name = ''] = key.split('/');
  return namespace === '' ? { name } : { name, namespace };
};
