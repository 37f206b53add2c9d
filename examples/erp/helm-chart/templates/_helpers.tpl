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

{{/* HPA와 Deployment가 다투지 않도록: 하한과 상한은 replicaCount보다 작지 않다 */}}
{{- define "erp.minReplicas" -}}
{{ max (int .Values.autoscaling.minReplicas) (int .Values.replicaCount) }}
{{- end }}

{{- define "erp.maxReplicas" -}}
{{ max (int .Values.autoscaling.maxReplicas) (int .Values.replicaCount) }}
{{- end }}
