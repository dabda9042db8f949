import type { KubeObject } from '../../kube/api-types.ts';
import { apiVersionOf } from '../../kube/object-names.ts';
import { CLASS_KINDS, type ClassKind } from '../../needs/class-kinds.ts';
import type { Finding } from '../../needs/findings.ts';
import { usersByName } from '../../needs/users-by-name.ts';
import {
  answerKey,
  type ClusterCopy,
  type ClusterNeed,
  type CopyNames,
  type NeedsContext,
} from './bring-types.ts';
import {
  copyIngressClass,
  copyPriorityClass,
  copyRuntimeClass,
  leftFinding,
  whyNeverBrought,
} from './need-copies.ts';

/** The classes that the copy names, that the source has and the destination has not. Throws KubeApiError. */
export const findClasses = async (context: NeedsContext): Promise<Classes> => {
  const found = await Promise.all(
    CLASS_KINDS.flatMap((row) => {
      const copy = COPIES[row.kind];
      return copy === undefined ? [] : [missingOf(row, copy, context)];
    }),
  );
  return {
    needs: found.flatMap(({ needs }) => needs),
    findings: found.flatMap(({ findings }) => findings),
  };
};

interface Classes {
  readonly needs: readonly ClusterNeed[];
  readonly findings: readonly Finding[];
}

type CopyClass = (source: KubeObject, names: CopyNames) => ClusterCopy;

const COPIES: Readonly<Record<string, CopyClass>> = {
  PriorityClass: copyPriorityClass,
  RuntimeClass: copyRuntimeClass,
  IngressClass: copyIngressClass,
};

const NOTHING: Classes = { needs: [], findings: [] };

const missingOf = async (row: ClassKind, copy: CopyClass, context: NeedsContext): Promise<Classes> => {
  const { lister, names, types } = context;
  const type = types.get(row.type);
  // The operator means a class of the destination by the name that a map gives.
  const mapped = row.kind === 'IngressClass' ? new Set(context.ingressClassMap.values()) : new Set<string>();
  const uses = row.uses(context).filter(({ name }) => !mapped.has(name));
  if (type === undefined || uses.length === 0) return NOTHING;
  const listed = await lister.list(
    'dest',
    row.type,
    `whether each ${row.kind} that the copy references exists`,
  );
  if (listed.state !== 'listed') return NOTHING;
  const existing = new Set(listed.objects.map((object) => object.metadata.name));
  const missing = usersByName(uses).filter(([name]) => !existing.has(name));
  const found = await Promise.all(
    missing.map(async ([name]): Promise<Classes> => {
      const question = `whether ${row.kind} ${name} can be copied`;
      const origin = await lister.get('source', row.type, undefined, name, question);
      if (origin.state !== 'found' || origin.object.apiVersion !== apiVersionOf(type)) return NOTHING;
      const never = whyNeverBrought(origin.object);
      const made = never === undefined ? copy(origin.object, names) : { left: never };
      if ('left' in made)
        return { needs: [], findings: [leftFinding(origin.object, names.sourceContext, made.left)] };
      const answers = [answerKey({ id: `${row.id}-missing`, subject: `${row.kind} ${name}` })];
      return { needs: [{ type, ...made, answers }], findings: [] };
    }),
  );
  return {
    needs: found.flatMap(({ needs }) => needs),
    findings: found.flatMap(({ findings }) => findings),
  };
};
