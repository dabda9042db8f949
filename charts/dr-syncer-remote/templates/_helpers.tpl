{{- define "dr-syncer-remote.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "dr-syncer-remote.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "dr-syncer-remote.accountNamespace" -}}
{{- .Values.serviceAccount.namespace | default .Release.Namespace }}
{{- end }}

{{- define "dr-syncer-remote.binding" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .root.Values.serviceAccount.name }}
    namespace: {{ include "dr-syncer-remote.accountNamespace" .root }}
{{- end }}

{{/* One rule for each of a list of groups and resources. */}}
{{- define "dr-syncer-remote.rules" -}}
{{- range .types }}
- apiGroups: {{ toJson .apiGroups }}
  resources: {{ toJson .resources }}
  verbs: {{ toJson $.verbs }}
{{- end }}
{{- end }}

{{/* What is needed in each namespace that is copied from or to. */}}
{{- define "dr-syncer-remote.namespaceRules" -}}
{{- $types := concat .Values.resources .Values.customResources }}
{{- if .Values.secrets }}
{{- $types = append $types (dict "apiGroups" (list "") "resources" (list "secrets")) }}
{{- end }}
{{- $verbs := list "get" "list" "watch" }}
{{- $writes := ne .Values.role "source" }}
{{- if $writes }}
{{- $verbs = concat $verbs (list "create" "patch") }}
{{- if .Values.deletes }}
{{- $verbs = append $verbs "delete" }}
{{- end }}
{{- end }}
{{- include "dr-syncer-remote.rules" (dict "types" $types "verbs" $verbs) }}
# The record of a copy and its lock. The lock is never deleted, and at a source both are only read.
- apiGroups: [""]
  resources: [configmaps]
  verbs: {{ if $writes }}[get, list, watch, create, update, patch, delete]{{ else }}[get, list, watch]{{ end }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: {{ if $writes }}[get, list, watch, create, update, patch]{{ else }}[get, list, watch]{{ end }}
{{- if and $writes .Values.grantRoles }}
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles]
  verbs: [bind, escalate]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [clusterroles]
  verbs: [bind]
{{- end }}
{{- end }}

{{/* What is needed of the cluster. */}}
{{- define "dr-syncer-remote.clusterRules" -}}
# The namespaces themselves; kube-system tells two clusters apart.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get, list, watch]
{{- if and (ne .Values.role "source") .Values.createNamespaces }}
- apiGroups: [""]
  resources: [namespaces]
  verbs: [create]
{{- end }}
{{- if .Values.clusterReads }}
- apiGroups: [""]
  resources: [nodes, persistentvolumes]
  verbs: [get, list]
- apiGroups: [storage.k8s.io]
  resources: [storageclasses, volumeattributesclasses]
  verbs: [get, list]
- apiGroups: [scheduling.k8s.io]
  resources: [priorityclasses]
  verbs: [get, list]
- apiGroups: [node.k8s.io]
  resources: [runtimeclasses]
  verbs: [get, list]
- apiGroups: [networking.k8s.io]
  resources: [ingressclasses]
  verbs: [get, list]
- apiGroups: [gateway.networking.k8s.io]
  resources: [gatewayclasses]
  verbs: [get, list]
- apiGroups: [resource.k8s.io]
  resources: [deviceclasses]
  verbs: [get, list]
- apiGroups: [cert-manager.io]
  resources: [clusterissuers]
  verbs: [get, list]
- apiGroups: [external-secrets.io]
  resources: [clustersecretstores]
  verbs: [get, list]
- apiGroups: [rbac.authorization.k8s.io]
  resources: [clusterroles, clusterrolebindings, rolebindings]
  verbs: [get, list]
- apiGroups: [admissionregistration.k8s.io]
  resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
  verbs: [get, list]
- apiGroups: [apiregistration.k8s.io]
  resources: [apiservices]
  verbs: [get, list]
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [get, list, watch]
{{- end }}
{{- end }}
