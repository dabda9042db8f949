import { isKubeApiError } from '../../kube/errors.ts';
import { listAt, objectsAt, valueAt } from '../../kube/json.ts';
import { mapBounded } from '../../kube/parallel.ts';
import type { JsonObject, ResourceType } from '../../kube/types.ts';
import type { MoveSide } from '../move/types.ts';
import type { MissingRight, Right } from './types.ts';

/**
 * Asks one side's server about rights, and returns those that we do not have. The rules of the namespace are asked for
 * once, and what they grant is not asked for again; everything else is asked one by one. Throws KubeApiError.
 */
export const missingRights = async (
  side: MoveSide,
  rights: readonly Right[],
  options: { readonly concurrency: number; readonly signal: AbortSignal },
): Promise<MissingRight[]> => {
  if (rights.length === 0) return [];
  const rules = await rulesOf(side, options.signal);
  const open = rights.filter(
    (right) => right.namespace !== side.namespace || !rules.some((rule) => grants(rule, right)),
  );
  const answers = await mapBounded(
    open,
    options.concurrency,
    ({ side: _side, need: _need, ...question }) => side.cluster.can(question, { signal: options.signal }),
    options.signal,
  );
  return open.flatMap(({ need: _need, ...right }, index) =>
    answers[index]?.allowed === true ? [] : [right],
  );
};

/** Whether a rule of a SelfSubjectRulesReview grants a right. Pure. */
export const grants = (rule: JsonObject, right: Omit<Right, 'need' | 'side'>): boolean => {
  const has = (field: string, value: string): boolean => {
    const values = listAt(rule, field);
    return values.includes('*') || values.includes(value);
  };
  const names = listAt(rule, 'resourceNames');
  const resource =
    right.subresource === undefined ? right.resource : `${right.resource}/${right.subresource}`;
  return (
    has('verbs', right.verb) &&
    has('apiGroups', right.group) &&
    has('resources', resource) &&
    (names.length === 0 || (right.name !== undefined && names.includes(right.name)))
  );
};

const REVIEWS: ResourceType = {
  group: 'authorization.k8s.io',
  version: 'v1',
  resource: 'selfsubjectrulesreviews',
  kind: 'SelfSubjectRulesReview',
  namespaced: false,
  verbs: ['create'],
  shortNames: [],
  singular: 'selfsubjectrulesreview',
  categories: [],
  subresources: [],
};

// A list that may be incomplete still grants nothing wrongly, unless another authorizer forbids what this one allows:
// then only the single questions have the truth.
const rulesOf = async (side: MoveSide, signal: AbortSignal): Promise<JsonObject[]> => {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    metadata: { name: '' },
    spec: { namespace: side.namespace },
  };
  try {
    const review = await side.cluster.create(REVIEWS, body, {
      fieldManager: 'dr-syncer',
      dryRun: true,
      signal,
    });
    const { status } = review.object;
    return valueAt(status, 'incomplete') === true ? [] : objectsAt(status, 'resourceRules');
  } catch (error) {
    if (!isKubeApiError(error) || [0, 401].includes(error.failure.status)) throw error;
    return [];
  }
};
