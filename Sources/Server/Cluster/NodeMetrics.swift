internal import Telemetry
internal import Upstream

/// The state of the other processes' nodes, in Prometheus's text format.
enum NodeMetrics {
    private static let families: [(name: String, type: String, help: String, read: @Sendable (EndpointStatus) -> Int)] =
        [
            ("node_usable", "gauge", "Whether requests go to the node now", { $0.isUsable ? 1 : 0 }),
            ("node_requests", "gauge", "Requests that the node answers now", { $0.requests }),
            ("node_left_out_total", "counter", "Times that the node was left out since it was found", { $0.timesOut }),
        ]

    /// Empty for a process without nodes.
    static func exposition(_ nodes: [UpstreamNodes]) -> String {
        guard !nodes.isEmpty else { return "" }
        let pools = nodes.map { (service: $0.role.rawValue, status: $0.pool.status) }
        var text = ""
        for family in self.families {
            text += "# HELP brume_\(family.name) \(family.help)\n# TYPE brume_\(family.name) \(family.type)\n"
            for pool in pools {
                for node in pool.status {
                    let labels = MetricRegistry.render([
                        ("service", pool.service), ("node", "\(node.endpoint.endpoint)"),
                    ])
                    text += "brume_\(family.name)\(labels) \(family.read(node))\n"
                }
            }
        }
        text += "# HELP brume_node_retries_total Requests that were sent to another node, or again\n"
        text += "# TYPE brume_node_retries_total counter\n"
        for node in nodes {
            let labels = MetricRegistry.render([("service", node.role.rawValue)])
            text += "brume_node_retries_total\(labels) \(node.pool.retryCount)\n"
        }
        return text
    }
}
