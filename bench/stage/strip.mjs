// The filter of the kubectl pipe: a List on stdin, on stdout the List without what only the source's server knows.
// Usage: node strip.mjs <destination namespace>
import { text } from 'node:stream/consumers';

const [namespace] = process.argv.slice(2);
const list = JSON.parse(await text(process.stdin));
const isOwnOfCluster = ({ kind, metadata }) =>
  (kind === 'ConfigMap' && metadata.name === 'kube-root-ca.crt') ||
  (kind === 'ServiceAccount' && metadata.name === 'default');

list.items = list.items.filter((item) => !isOwnOfCluster(item));
for (const item of list.items) {
  const { name, labels, annotations } = item.metadata;
  item.metadata = { name, namespace, labels, annotations };
  delete item.status;
  delete item.spec?.clusterIP;
  delete item.spec?.clusterIPs;
  for (const subject of item.subjects ?? []) subject.namespace = namespace;
}
process.stdout.write(JSON.stringify(list));
