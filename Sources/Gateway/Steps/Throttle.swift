internal import ServiceModel

/// Limits a service's share of the process: a number of concurrent requests in handlers, and a bounded queue.
struct Throttle: Sendable {
    /// Takes a place if one is free: most requests need not wait, and this costs them less.
    func admitsAtOnce(_ service: ServiceEntry) -> Bool {
        service.limiter.acquireAtOnce()
    }

    /// Takes a place, waiting if necessary; `release` gives it back.
    /// - Throws: the service's throttling error when the queue is full, `cancelled` when the client has gone.
    func callAsFunction(_ service: ServiceEntry) async throws(ServiceError) {
        switch await service.limiter.acquire() {
        case .admitted: return
        case .refused: throw service.registration.throttlingError
        case .cancelled: throw .cancelled
        }
    }

    func release(_ service: ServiceEntry) {
        service.limiter.release()
    }
}
