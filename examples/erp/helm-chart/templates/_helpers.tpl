{{/* 모든 오브젝트에 붙는 라벨 */}}
{{- define "erp.labels" -}}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* 클러스터 범위 오브젝트의 이름: 네임스페이스가 다른 두 릴리스가 부딪치지 않도록 */}}
{{- define "erp.secretStore" -}}
aws-secrets-manager-{{ .Release.Namespace }}
{{- end }}

{{/*
HPA와 Deployment가 다투지 않도록: 상한은 replicaCount보다 작지 않다.
하한은 replicaCount를 따르지 않는다: Helm은 Deployment를 먼저 줄이고, 그 사이에 예전 하한을 가진 HPA가 다시 늘릴 수 있다.
*/}}
{{- define "erp.maxReplicas" -}}
{{ max (int .Values.autoscaling.maxReplicas) (int .Values.replicaCount) }}
{{- end }}
