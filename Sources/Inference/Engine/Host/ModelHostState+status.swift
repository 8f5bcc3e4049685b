extension ModelHostState {
    /// The state of a model; nil when it was not requested.
    func phase(of name: String) -> ModelHost.Status.Phase? {
        self.statuses.first { $0.name == name }?.phase
    }

    /// The status of every model that was requested.
    var statuses: [ModelHost.Status] {
        self.entries.map { name, entry in
            var status = ModelHost.Status(name: name, phase: .loading, requests: entry.leases, waiting: 0)
            if case .local(let model) = entry.place { status.isPinned = model.isPinned }
            status.plan = entry.plan
            switch entry.phase {
            case .waiting: status.phase = .waiting
            case .loading: break
            case .stopping: status.phase = .stopping
            case .failed(let error, _, _):
                status.phase = .failed
                status.reason = error.reason
            case .ready(let engine, let queue, _, let leaving):
                status.phase = leaving == nil ? .ready : .leaving
                status.processID = engine.processID
                status.waiting = queue.counts.waiting
            }
            return status
        }
    }
}
