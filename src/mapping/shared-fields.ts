import { list, object, text, time, type ValueOf, whole, word } from './schema-fields.ts';

/** The name of an object of the same namespace. */
export const NAME = text({ minLength: 1, maxLength: 253 });
/** A namespace, or empty for that of the object itself. */
export const NAMESPACE_OR_EMPTY = text({ maxLength: 63, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' });
/** A cron expression. */
export const SCHEDULE = text({ maxLength: 100 });
/** Names of types: plural, short name, kind or resource.group. */
export const TYPE_NAMES = list(text({ minLength: 1, maxLength: 253 }), 256);
/** Another object in a namespace: a Secret or a ClusterMapping. */
export const REFERENCE = object({ name: NAME, namespace: NAMESPACE_OR_EMPTY }, ['name']);
export const VERIFICATION = word(['none', 'sample', 'full']);
export const COUNT = whole({ minimum: 0 });

/** A text of a status; what comes from outside is cut to this before it is written. */
export const STATUS_TEXT = text({ maxLength: 1024 });
/** A sentence of a status. */
export const STATUS_MESSAGE = text({ maxLength: 4096 });
export const GENERATION = whole({}, 'int64');
/** At most 50 sentences of 512 characters. */
export const WARNINGS = list(text({ maxLength: 512 }), 50);

const CONDITION = object(
  {
    type: text({ maxLength: 316 }),
    status: word(['True', 'False', 'Unknown']),
    observedGeneration: GENERATION,
    lastTransitionTime: time(),
    reason: STATUS_TEXT,
    message: STATUS_MESSAGE,
  },
  ['type', 'status', 'lastTransitionTime', 'reason', 'message'],
);
export const CONDITIONS = list(CONDITION, 32);

/** One condition of a status, as Kubernetes has them. */
export type Condition = NonNullable<ValueOf<typeof CONDITION>>;
