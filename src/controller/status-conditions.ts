import type { Json, JsonObject } from '../kube/api-types.ts';
import type { Condition } from '../mapping/shared-fields.ts';

/** The conditions of a status as it was read or written. Pure. */
export const conditionsIn = (status: JsonObject): readonly Condition[] =>
  Array.isArray(status['conditions']) ? (status['conditions'] as unknown as Condition[]) : [];

/** Conditions as a field of a status. Pure. */
export const conditionsJson = (conditions: readonly Condition[]): Json => conditions as unknown as Json;

/** A status without the fields that are not there. Pure. */
export const definedFields = (fields: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** What a condition is to say; undefined in a list of these: it is to go. */
export type WantedCondition = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/**
 * The conditions that follow `previous`: those of `wanted` with the time of their last change of status, the others as
 * they were, without the types of `gone`. `at` is RFC 3339. Pure.
 */
export const nextConditions = (
  previous: readonly Condition[],
  wanted: readonly WantedCondition[],
  { generation, at, gone = [] }: { generation: number; at: string; gone?: readonly string[] },
): Condition[] => {
  const set = wanted.map((condition): Condition => {
    const known = previous.find(({ type }) => type === condition.type);
    const isSame = known?.status === condition.status;
    return {
      ...condition,
      message: condition.message.slice(0, MOST_MESSAGE),
      observedGeneration: generation,
      lastTransitionTime: isSame ? known.lastTransitionTime : at,
    };
  });
  const types = new Set([...set.map(({ type }) => type), ...gone]);
  return [...set, ...previous.filter(({ type }) => !types.has(type))].sort((a, b) =>
    a.type < b.type ? -1 : 1,
  );
};

// The server refuses a longer one, and nobody reads it.
const MOST_MESSAGE = 4096;

/** The kstatus trio: Ready always, Reconciling and Stalled only while they are true. Pure. */
export const readiness = (ready: {
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
  /** It cannot become ready before somebody changes something. */
  readonly isStalled?: boolean;
  /** Work on it is under way. */
  readonly isReconciling?: boolean;
}): { readonly wanted: WantedCondition[]; readonly gone: string[] } => {
  const { status, reason, message } = ready;
  const extra = (type: string): WantedCondition => ({ type, status: 'True', reason, message });
  return {
    wanted: [
      { type: 'Ready', status, reason, message },
      ...(ready.isReconciling === true ? [extra('Reconciling')] : []),
      ...(ready.isStalled === true ? [extra('Stalled')] : []),
    ],
    gone: [
      ...(ready.isReconciling === true ? [] : ['Reconciling']),
      ...(ready.isStalled === true ? [] : ['Stalled']),
    ],
  };
};
