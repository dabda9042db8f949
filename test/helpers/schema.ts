import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Json } from '../cluster/client.ts';

/** What a value has against a schema of docs/schemas, as `path: complaint`; empty when it is valid. */
export const complaints = (schemaName: string, value: Json): string[] => {
  const validate = validatorOf(schemaName);
  return validate(value) ? [] : (validate.errors ?? []).map(sentence);
};

const SCHEMAS = join(import.meta.dirname, '..', '..', 'docs', 'schemas');

// Strict: a keyword that is not known, or an "additionalProperties" without a type, is an error of the schema.
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
formats.default(ajv);

const validators = new Map<string, ValidateFunction>();
const validatorOf = (schemaName: string): ValidateFunction => {
  const known = validators.get(schemaName);
  if (known !== undefined) return known;
  const validator = ajv.compile(JSON.parse(readFileSync(join(SCHEMAS, `${schemaName}.json`), 'utf8')));
  validators.set(schemaName, validator);
  return validator;
};

const sentence = ({ instancePath, message, params }: ErrorObject): string => {
  const detail = params['additionalProperty'] ?? params['allowedValues']?.join(', ');
  return `${instancePath || '/'}: ${message}${detail === undefined ? '' : ` (${detail})`}`;
};
