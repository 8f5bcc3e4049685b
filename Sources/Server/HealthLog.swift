package import KeyValue
package import Primitives
package import Telemetry

/// Logs why the store stopped taking writes, and when it takes them again.
///
/// Clients are not told the reason. It is for the operator, who may look only after it has passed.
package enum HealthLog {
    /// Writes one line for each change, until the store is closed.
    package static func follow(
        _ updates: AsyncStream<StoreHealth>, log: any LogSink, clock: any WallClock
    ) async {
        var wasTakingWrites = true
        for await health in updates {
            switch health {
            case .takingWrites:
                // The first update is the current health, not a change.
                guard !wasTakingWrites else { continue }
                log.write(LogRecord(time: clock.now(), level: .info, message: "the store takes writes again"))
            case .readOnly(let reason):
                log.write(
                    LogRecord(time: clock.now(), level: .error, message: "the store takes no writes: \(reason)"))
            case .closed:
                return
            }
            wasTakingWrites = health.isTakingWrites
        }
    }
}
