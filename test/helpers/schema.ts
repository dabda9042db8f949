import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../cluster/client.ts';

/**
 * What a value has against a schema of docs/schemas, as `path: complaint`; empty when it is valid. Knows the keywords
 * that those schemas use, and throws on any other, so that none is quietly passed over.
 */
export function complaints(schemaName: string, value: Json): string[] {
  const root = JSON.parse(readFileSync(join(SCHEMAS, `${schemaName}.json`), 'utf8'));
  return check(root, value, '', root);
}

const SCHEMAS = join(import.meta.dirname, '..', '..', 'docs', 'schemas');

const check = (schema: Json, value: Json, path: string, root: Json): string[] =>
  Object.entries(schema).flatMap(([keyword, rule]) => {
    const judge = KEYWORDS[keyword];
    if (judge === undefined) throw new Error(`the schema has a keyword that is not known here: ${keyword}`);
    return judge(rule, value, path, root, schema);
  });

type Judge = (rule: Json, value: Json, path: string, root: Json, schema: Json) => string[];

const complain = (isValid: boolean, path: string, text: string): string[] =>
  isValid ? [] : [`${path || '/'}: ${text}`];
const isObject = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const nothing: Judge = () => [];

const TYPES: Readonly<Record<string, (value: Json) => boolean>> = {
  object: isObject,
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
};

const KEYWORDS: Readonly<Record<string, Judge>> = {
  $schema: nothing,
  $id: nothing,
  $defs: nothing,
  title: nothing,
  description: nothing,
  type: (rule, value, path) => complain(TYPES[rule]?.(value) === true, path, `is no ${rule}`),
  const: (rule, value, path) => complain(value === rule, path, `is not ${rule}`),
  enum: (rule, value, path) => complain(rule.includes(value), path, `is none of ${rule.join(', ')}`),
  format: (_rule, value, path) =>
    complain(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value), path, 'is no time'),
  $ref: (rule, value, path, root) => check(root.$defs[rule.slice('#/$defs/'.length)], value, path, root),
  required: (rule, value, path) =>
    rule.flatMap((name: string) => complain(value?.[name] !== undefined, path, `lacks ${name}`)),
  properties: (rule, value, path, root) =>
    Object.entries(rule).flatMap(([name, schema]) =>
      value?.[name] === undefined ? [] : check(schema, value[name], `${path}/${name}`, root),
    ),
  items: (rule, value, path, root) =>
    Array.isArray(value) ? value.flatMap((item, index) => check(rule, item, `${path}/${index}`, root)) : [],
  additionalProperties: (rule, value, path, root, schema) =>
    Object.keys(isObject(value) ? value : {})
      .filter((name) => schema.properties?.[name] === undefined)
      .flatMap((name) =>
        rule === false
          ? complain(false, path, `has ${name}`)
          : check(rule, value[name], `${path}/${name}`, root),
      ),
};
