import type { Json, JsonObject } from '../kube/api-types.ts';
import { isObject, own } from '../kube/raw-json.ts';
import { durationMs } from './duration-text.ts';

/** What a CRD says of a field, without descriptions, rules and list types. */
export interface FieldSchema {
  readonly type?: 'string' | 'integer' | 'boolean' | 'array' | 'object';
  readonly format?: 'int32' | 'int64' | 'date-time';
  readonly enum?: readonly string[];
  readonly default?: Json;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly items?: FieldSchema;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: FieldSchema;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
}

/** A field of a custom resource: how it is read, whatever is there, and what its CRD says. */
export interface Field<T> {
  readonly schema: FieldSchema;
  /** The value; undefined, or what is taken instead, where there is none or the schema does not allow it. */
  read(value: Json | undefined): T;
}

/** A duration, read as milliseconds; the name of what is read ends with `Ms`. */
export interface DurationField<T> extends Field<T> {
  readonly unit: 'ms';
}

type Fields = Readonly<Record<string, Field<unknown>>>;
/** What a field is read as. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;
type NameOf<K extends string, F> = F extends DurationField<unknown> ? `${K}Ms` : K;
type Values<F extends Fields> = { readonly [K in keyof F & string as NameOf<K, F[K]>]: ValueOf<F[K]> };
type Sure<V, R> = { readonly [K in keyof V]: K extends R ? NonNullable<V[K]> : V[K] };
type With<F, T> = F extends DurationField<unknown> ? DurationField<T> : Field<T>;

/** A text; an empty one counts as none. */
export const text = (limits: Pick<FieldSchema, 'minLength' | 'maxLength' | 'pattern'> = {}) =>
  field<string>({ type: 'string', ...limits }, (value) => {
    if (typeof value !== 'string' || value === '') return undefined;
    if (value.length > (limits.maxLength ?? value.length)) return undefined;
    return limits.pattern === undefined || new RegExp(limits.pattern).test(value) ? value : undefined;
  });

/** A text that may be empty. */
export const textOrEmpty = (maxLength: number) =>
  field<string>({ type: 'string', maxLength }, (value) =>
    typeof value === 'string' && value.length <= maxLength ? value : undefined,
  );

/** A time as RFC 3339. */
export const time = () =>
  field<string>({ type: 'string', format: 'date-time' }, (value) =>
    typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined,
  );

/** One of several words. */
export const word = <const T extends string>(words: readonly T[]) =>
  field<T>({ type: 'string', enum: words }, (value) => words.find((one) => one === value));

export const flag = () =>
  field<boolean>({ type: 'boolean' }, (value) => (typeof value === 'boolean' ? value : undefined));

/** A whole number within its bounds. */
export const whole = (
  bounds: Pick<FieldSchema, 'minimum' | 'maximum'> = {},
  format: 'int32' | 'int64' = 'int32',
) =>
  field<number>({ type: 'integer', format, ...bounds }, (value) =>
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= (bounds.minimum ?? value) &&
    value <= (bounds.maximum ?? value)
      ? value
      : undefined,
  );

/** How durations are written in these resources: as Go prints them, without fractions. */
const DURATION_PATTERN = '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$';

/** A duration, read as ms; one that is empty, or below `leastMs`, counts as none. */
export const duration = (leastMs = 0): DurationField<number | undefined> => ({
  ...field<number>({ type: 'string', pattern: DURATION_PATTERN, maxLength: 32 }, (value) => {
    const ms = typeof value === 'string' ? durationMs(value) : undefined;
    return ms === undefined || ms < leastMs ? undefined : ms;
  }),
  unit: 'ms',
});

/** A list; items that cannot be read are left out, and so is what is beyond its limit. */
export const list = <T>(item: Field<T>, maxItems: number): Field<readonly NonNullable<T>[]> => ({
  schema: { type: 'array', items: item.schema, maxItems },
  read: (value) =>
    (Array.isArray(value) ? value : [])
      .map((one) => item.read(one))
      .filter((one): one is NonNullable<typeof one> => one !== undefined && one !== null)
      .slice(0, maxItems),
});

/** An object whose field names are free. */
export const table = <T>(
  item: Field<T>,
  maxProperties: number,
): Field<Readonly<Record<string, NonNullable<T>>>> => ({
  schema: { type: 'object', additionalProperties: item.schema, maxProperties },
  read: (value) =>
    Object.fromEntries(
      Object.entries(isObject(value) ? value : {}).flatMap(([name, one]) => {
        const read = item.read(one);
        return read === undefined || read === null ? [] : [[name, read] as const];
      }),
    ),
});

/** An object of Kubernetes' own, kept as it is. */
export const rawObject = (schema: FieldSchema): Field<JsonObject | undefined> =>
  field<JsonObject>({ type: 'object', ...schema }, (value) => (isObject(value) ? value : undefined));

/** A number of units, as Kubernetes writes quantities: `100m`, `1`. */
export const quantity = () =>
  field<string>({ 'x-kubernetes-int-or-string': true }, (value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
  );

/** A part of a spec that is always read, so that its fields have their defaults where it is missing. */
export const section = <const F extends Fields>(fields: F): Field<Values<F>> => ({
  schema: schemaOf(fields),
  read: (value) => valuesOf(fields, isObject(value) ? value : {}) as Values<F>,
});

/** An object that may be missing, and counts as missing without its required fields. */
export const object = <const F extends Fields, const R extends keyof F & string = never>(
  fields: F,
  required: readonly R[] = [],
): Field<Sure<Values<F>, R> | undefined> => ({
  schema: { ...schemaOf(fields), ...(required.length === 0 ? {} : { required }) },
  read: (value) => {
    if (!isObject(value)) return undefined;
    const values = valuesOf(fields, value);
    return required.some((name) => values[name] === undefined) ? undefined : (values as Sure<Values<F>, R>);
  },
});

/** A part of a status: only what is there is read. */
export const part = <const F extends Fields>(fields: F): Field<Partial<Values<F>> | undefined> => ({
  schema: schemaOf(fields),
  read: (value) => {
    if (!isObject(value)) return undefined;
    const there = Object.entries(valuesOf(fields, value)).filter(
      ([name, read]) => own(value, name) !== undefined && read !== undefined,
    );
    return Object.fromEntries(there) as Partial<Values<F>>;
  },
});

/** The same field with the default of its CRD. */
export const orElse = <F extends Field<unknown>>(
  given: F,
  fallback: string | number | boolean,
): With<F, NonNullable<ValueOf<F>>> =>
  ({
    ...given,
    schema: { ...given.schema, default: fallback },
    read: (value: Json | undefined) => given.read(value) ?? given.read(fallback),
  }) as unknown as With<F, NonNullable<ValueOf<F>>>;

const field = <T>(
  schema: FieldSchema,
  read: (value: Json | undefined) => T | undefined,
): Field<T | undefined> => ({ schema, read });

const schemaOf = (fields: Fields): FieldSchema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
});

const valuesOf = (fields: Fields, value: JsonObject): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, one]) => [
      'unit' in one ? `${name}Ms` : name,
      one.read(own(value, name)),
    ]),
  );
