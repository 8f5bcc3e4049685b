internal import ServiceModel

/// Keeps a service within its share of the process: a place for each request in a handler, a bounded queue before it.
struct Throttle: Sendable {
    /// Takes a place where one is free: most requests need not wait, and asking that costs them less.
    func admitsAtOnce(_ service: ServiceEntry) -> Bool {
        service.limiter.acquireAtOnce()
    }

    /// Takes a place; `release` gives it back.
    /// - Throws: the service's throttling error when too many wait already.
    func callAsFunction(_ service: ServiceEntry) async throws(ServiceError) {
        guard await service.limiter.acquire() else { throw service.registration.throttlingError }
    }

    func release(_ service: ServiceEntry) {
        service.limiter.release()
    }
}
