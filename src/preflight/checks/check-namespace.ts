import { kubectl } from '../../common/command-line.ts';
import { clause, clauseList } from '../../common/sentences.ts';
import { stringAt } from '../../kube/raw-json.ts';
import type { Finding } from '../../needs/findings.ts';
import { finding } from '../../needs/findings.ts';
import type { CheckRow, SideView } from '../preflight-types.ts';

/** Whether both namespaces are there and none is being deleted. */
export const checkNamespaces: CheckRow = {
  id: 'namespace',
  passed: 'The namespaces exist, and none is being deleted.',
  run: ({ from, to }) => [from, to].flatMap((view) => (view === undefined ? [] : namespaceRows(view))),
};

/** What is wrong with the namespace of one side. Pure. */
const namespaceRows = (view: Pick<SideView, 'side' | 'namespace' | 'namespaceState'>): Finding[] => {
  const { side, namespace, namespaceState } = view;
  const subject = `Namespace ${side.namespace}`;
  const where = `Namespace ${side.namespace} of context ${side.cluster.context}`;
  if (namespaceState === 'unknown')
    return [finding('namespace', 'unknown', subject, `${where} cannot be read.`)];
  if (namespace === undefined) return [finding('namespace', 'warn', subject, `${where} does not exist.`)];
  const { metadata } = namespace;
  if (metadata.deletionTimestamp === undefined && stringAt(namespace, 'status', 'phase') !== 'Terminating')
    return [];
  const conditions = (namespace['status'] as { conditions?: { status?: string; message?: string }[] })
    ?.conditions;
  const holders = (conditions ?? []).flatMap(({ status, message }) =>
    status === 'True' && message ? clause(message) : [],
  );
  return [
    finding(
      'namespace',
      'refuse',
      subject,
      `${where} is being deleted (since ${metadata.deletionTimestamp}): nothing can be created in it${
        holders.length === 0 ? '' : ` (${clauseList(holders)})`
      }.`,
      `Wait until it is gone, then stage again: ${kubectl(side.cluster, 'get', 'namespace', side.namespace, '-o', 'yaml')}`,
    ),
  ];
};
