import { RefusedError } from '../common/errors.ts';
import { EXIT_CODES } from '../common/exit-codes.ts';
import type { Json, JsonObject } from '../kube/api-types.ts';
import { isObject, parseJson, stableStringify, stringAt } from '../kube/raw-json.ts';
import {
  type BaselineField,
  type BaselineWorkload,
  type ClosedOperation,
  type HistoryEntry,
  type HistoryRecord,
  type Journal,
  type JournalStep,
  OPERATION_KINDS,
  PHASES,
  SCHEMA,
  type Site,
  STEP_STATES,
  type StateRecord,
} from './record-types.ts';
import {
  anyObject,
  anything,
  type Check,
  count,
  epoch,
  fields,
  listOf,
  mapOf,
  oneOf,
  optional,
  seconds,
  text,
  time,
  word,
  yesOrNo,
} from './schema-checks.ts';

/**
 * Reads a state record from its JSON text. `where` names the object for errors ("ConfigMap dr-syncer-state in
 * namespace shop, context dr"). Fields that this version does not know are kept. Throws RefusedError when the text is
 * of a newer major schema or is damaged.
 */
export const decodeState = (json: string, where: string): StateRecord =>
  decode<StateRecord>(json, where, STATE);

/** Reads a journal; see decodeState. */
export const decodeJournal = (json: string, where: string): Journal => decode<Journal>(json, where, JOURNAL);

/** Reads the workloads of a baseline; see decodeState. */
export const decodeBaseline = (json: string, where: string): BaselineWorkload[] =>
  decode<{ schema: string; workloads: BaselineWorkload[] }>(json, where, BASELINE).workloads;

/** Reads the history; see decodeState. */
export const decodeHistory = (json: string, where: string): HistoryRecord =>
  decode<HistoryRecord>(json, where, HISTORY);

/** The JSON text of a record, always the same for the same content. */
export const encodeRecord = (record: StateRecord | Journal | HistoryRecord | BaselineRecord): string =>
  stableStringify(record as unknown as JsonObject);

/** How a baseline is stored: apart from its journal, which is rewritten at every step. */
export interface BaselineRecord {
  schema: string;
  workloads: BaselineWorkload[];
}

/** Throws RefusedError: the stored text cannot be used. `problem` is a clause. */
export const refuseDamaged = (where: string, problem: string): never => {
  throw new RefusedError(`The record in ${where} cannot be read: ${problem}.`, {
    hint: `Inspect it with kubectl; if it was edited by hand, restore the earlier content. Nothing was changed.`,
  });
};

const MAJOR = 1;

const decode = <T>(json: string, where: string, check: Check): T => {
  const record = parse(json, where);
  refuseNewer(record, where);
  const problem = check(record, '');
  if (problem !== undefined) refuseDamaged(where, problem);
  return record as T;
};

const parse = (json: string, where: string): JsonObject => {
  let value: Json;
  try {
    value = parseJson(json);
  } catch {
    return refuseDamaged(where, 'it is not JSON');
  }
  return isObject(value) ? value : refuseDamaged(where, 'it is not a JSON object');
};

const refuseNewer = (record: JsonObject, where: string): void => {
  const schema = stringAt(record, 'schema');
  if (schema === undefined) refuseDamaged(where, 'schema is missing');
  const major = /^dr-syncer\.io\/state\/v(\d+)(?:\.\d+)*$/.exec(schema ?? '')?.[1];
  if (major === undefined) refuseDamaged(where, `its schema "${schema}" is not a dr-syncer schema`);
  if (Number(major) > MAJOR) {
    throw new RefusedError(
      `The record in ${where} has schema ${schema}; this dr-syncer understands up to ${SCHEMA}.`,
      { hint: 'Upgrade dr-syncer to at least the version that wrote the record. Nothing was changed.' },
    );
  }
};

const SITE = fields<Site>({ context: word, clusterUid: optional(word), namespace: word });
const ROLE = oneOf(['dest', 'source']);

const STATE = fields<StateRecord>({
  schema: word,
  role: optional(ROLE),
  epoch,
  phase: oneOf(PHASES),
  since: time,
  by: word,
  source: SITE,
  dest: SITE,
  managedBy: optional(word),
  lastStage: optional(
    fields<NonNullable<StateRecord['lastStage']>>({ at: time, objects: count, hash: text }),
  ),
  lastDataCopy: optional(
    fields<NonNullable<StateRecord['lastDataCopy']>>({ at: time, claims: count, verified: count }),
  ),
  mixedData: optional(fields<NonNullable<StateRecord['mixedData']>>({ since: time, side: ROLE, by: word })),
  pendingFence: optional(
    fields<NonNullable<StateRecord['pendingFence']>>({ since: time, epoch, reason: text }),
  ),
  destGivenUp: optional(
    fields<NonNullable<StateRecord['destGivenUp']>>({ since: time, epoch, reason: text }),
  ),
  operation: optional(
    fields<NonNullable<StateRecord['operation']>>({
      id: word,
      kind: oneOf(OPERATION_KINDS),
      startedAt: time,
      state: oneOf(['running', 'stopped']),
      asks: optional(yesOrNo),
    }),
  ),
});

const WORKLOADS = listOf(
  fields<BaselineWorkload>({
    apiVersion: word,
    kind: word,
    namespace: word,
    name: word,
    uid: word,
    side: optional(ROLE),
    replicas: optional(count),
    unready: optional(yesOrNo),
    readyPods: optional(count),
    fields: listOf(
      fields<BaselineField>({ path: listOf(word), parked: anything, original: optional(anything) }),
    ),
    hpa: optional(anyObject),
  }),
);

const BASELINE = fields<BaselineRecord>({ schema: word, workloads: WORKLOADS });

const STEP = fields<JournalStep>({
  id: word,
  title: text,
  state: oneOf(STEP_STATES),
  startedAt: time,
  starts: optional(count),
  endedAt: optional(time),
  detail: optional(text),
  error: optional(text),
});

const EXIT_NAME = oneOf(Object.keys(EXIT_CODES));

const JOURNAL = fields<Journal>({
  schema: word,
  operationId: word,
  kind: oneOf(OPERATION_KINDS),
  options: anyObject,
  planHash: text,
  by: word,
  host: word,
  version: word,
  startedAt: time,
  resumeCommand: word,
  state: oneOf(['running', 'stopped', 'finished']),
  reason: optional(text),
  endedAt: optional(time),
  result: optional(EXIT_NAME),
  stoppedAt: optional(time),
  readyAt: optional(time),
  over: optional(
    fields<ClosedOperation>({
      operationId: word,
      kind: oneOf(OPERATION_KINDS),
      stopped: listOf(ROLE),
      started: listOf(ROLE),
    }),
  ),
  baseline: optional(WORKLOADS),
  steps: listOf(STEP),
  data: optional(mapOf(anything)),
  gitops: optional(mapOf(anything)),
});

const HISTORY = fields<HistoryRecord>({
  schema: word,
  entries: listOf(
    fields<HistoryEntry>({
      operationId: word,
      kind: word,
      who: word,
      from: word,
      when: time,
      command: text,
      planHash: text,
      result: EXIT_NAME,
      seconds: seconds,
      perStepSeconds: mapOf(seconds),
      rtoSeconds: optional(seconds),
      rpoSeconds: optional(seconds),
    }),
  ),
});
