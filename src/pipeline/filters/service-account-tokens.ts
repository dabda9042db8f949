import { skip } from '../../common/verdict.ts';
import { groupKind } from '../../kube/object-names.ts';
import { stringAt } from '../../kube/raw-json.ts';
import type { Filter } from '../pipeline-types.ts';
import { isGeneratedName } from './generated-names.ts';
import { annotationOf } from './label-values.ts';

const ACCOUNT = 'kubernetes.io/service-account.name';
const ACCOUNT_UID = 'kubernetes.io/service-account.uid';

/**
 * Leaves out token Secrets that the token controller of older clusters made by itself; hand-made ones go on and are
 * emptied on the way. Nothing in the object says who made it, so the name decides: the controller calls its Secrets
 * `<account>-token-` and five characters of Kubernetes' own random alphabet, and has put the account's UID on every
 * one. A hand-made name such as `robot-token-admin` has letters which that alphabet lacks.
 */
export const serviceAccountTokens: Filter = {
  name: 'service-account-tokens',
  rules: ['F28'],
  evaluate(object) {
    if (groupKind(object) !== 'Secret') return undefined;
    if (stringAt(object, 'type') !== 'kubernetes.io/service-account-token') return undefined;
    const account = annotationOf(object, ACCOUNT);
    if (account === undefined || annotationOf(object, ACCOUNT_UID) === undefined) return undefined;
    return isGeneratedName(object.metadata.name, `${account}-token-`)
      ? skip(`it is a generated token of ServiceAccount ${account}, valid on the source only`)
      : undefined;
  },
};
