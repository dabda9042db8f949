import { nameList } from '../../common/sentences.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { clone, objectAt, objectsAt, stringAt, stringsAt } from '../../kube/raw-json.ts';
import type { ClusterCopy, CopyNames } from './bring-types.ts';
import { markedMetadata } from './need-copies.ts';

/**
 * The copy of a CustomResourceDefinition: all versions with their schemas, without a status, owners and finalizers. A
 * conversion webhook never goes along, as the Service behind it is not there; where objects have to be converted between
 * versions the definition is left. Pure.
 */
export const copyDefinition = (crd: KubeObject, names: CopyNames): ClusterCopy => {
  const { status: _status, ...rest } = clone(crd);
  const spec = objectAt(rest, 'spec') ?? {};
  const left = whyUnconverted(crd);
  if (left !== undefined) return { left };
  const { conversion: _conversion, ...kept } = spec;
  return {
    body: { ...rest, metadata: markedMetadata(crd, names), spec: isByWebhook(crd) ? kept : spec },
    notes: [
      {
        level: 'warn',
        path: '',
        message:
          'Only the definition is created, not the operator that acts on its objects; install the operator at the destination before a cutover.',
      },
    ],
  };
};

/** Why a definition cannot do without its conversion webhook, as a clause; undefined when it can. Pure. */
export const whyUnconverted = (crd: KubeObject): string | undefined => {
  if (!isByWebhook(crd)) return undefined;
  const versions = objectsAt(crd, 'spec', 'versions');
  const namesOf = (flag: 'served' | 'storage'): string[] =>
    versions.flatMap((version) => (version[flag] === true ? (stringAt(version, 'name') ?? []) : []));
  const served = namesOf('served');
  const stored = [...new Set([...stringsAt(crd, 'status', 'storedVersions'), ...namesOf('storage')])];
  const both = [...new Set([...served, ...stored])];
  if (both.length < 2) return undefined;
  const many = served.length > 1 ? `serves ${nameList(served)}` : `has objects stored as ${nameList(stored)}`;
  return `it ${many} and converts between them with a webhook, which is never copied; install its operator at the destination`;
};

const isByWebhook = (crd: KubeObject): boolean =>
  stringAt(crd, 'spec', 'conversion', 'strategy') === 'Webhook';
