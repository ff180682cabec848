{{- define "sagemaker-ab.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sagemaker-ab.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "sagemaker-ab.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "sagemaker-ab.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sagemaker-ab.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "sagemaker-ab.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "sagemaker-ab.selectorLabels" -}}
app.kubernetes.io/name: {{ include "sagemaker-ab.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels of every object. The chart's own labels override commonLabels, because selectors depend on them. */}}
{{- define "sagemaker-ab.labels" -}}
{{- $own := include "sagemaker-ab.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_") -}}
{{- merge $own .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "sagemaker-ab.podLabels" -}}
{{- $selector := include "sagemaker-ab.selectorLabels" . | fromYaml -}}
{{- merge $selector .Values.podLabels .Values.commonLabels | toYaml -}}
{{- end -}}

{{- define "sagemaker-ab.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The probe address in the form that a URL needs. */}}
{{- define "sagemaker-ab.probeHost" -}}
{{- ternary (printf "[%s]" .Values.probes.address) .Values.probes.address (contains ":" .Values.probes.address) -}}
{{- end -}}

{{/* The permissions of the operator in each watched namespace. */}}
{{- define "sagemaker-ab.resourceRules" -}}
- apiGroups: [sagemaker-ab.dev]
  resources: [sagemakerabendpoints]
  verbs: [get, list, watch, patch]
- apiGroups: [sagemaker-ab.dev]
  resources: [sagemakerabendpoints/status]
  verbs: [get, patch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* Not empty if a ValidatingAdmissionPolicy keeps the Roles of watched namespaces; Kubernetes has it since 1.30. */}}
{{- define "sagemaker-ab.keepsRoles" -}}
{{- $served := semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version -}}
{{- if and .Values.rbac.create .Values.watchNamespaces .Values.rbac.keepWhileNeeded $served }}true{{ end -}}
{{- end -}}

{{/* The default cluster id is the UID of kube-system. */}}
{{- define "sagemaker-ab.clusterIdRule" -}}
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end -}}
