"""Questions about a graph, and their answers: models, endpoints, data sets, origins, versions, approvals."""
