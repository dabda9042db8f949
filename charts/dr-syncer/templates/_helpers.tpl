{{- define "dr-syncer.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "dr-syncer.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "dr-syncer.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dr-syncer.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dr-syncer.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "dr-syncer.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: controller
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "dr-syncer.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "dr-syncer.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name must be given when serviceAccount.create is false." .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "dr-syncer.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{/* The port of an address such as ":8080" or "[::]:8080". */}}
{{- define "dr-syncer.port" -}}
{{- regexFind "[0-9]+$" . }}
{{- end }}

{{/* What the schema cannot say in a sentence that helps. */}}
{{- define "dr-syncer.refuse" -}}
{{- range $values := list .Values .Values.controller }}
{{- if hasKey $values "ignoreCert" }}
{{- fail "ignoreCert is gone: dr-syncer always verifies certificates. Put the CA into the kubeconfig of the cluster (certificate-authority-data), then remove the value." }}
{{- end }}
{{- if hasKey $values "logVerbosity" }}
{{- fail "logVerbosity is gone. Set controller.logLevel to debug instead, then remove the value." }}
{{- end }}
{{- end }}
{{- if and (not .Values.controller.enableLeaderElection) (gt (int .Values.replicaCount) 1) }}
{{- fail "controller.enableLeaderElection: false needs replicaCount: 1. Two controllers without a leader would do everything twice." }}
{{- end }}
{{- end }}
