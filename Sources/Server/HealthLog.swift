package import KeyValue
package import Primitives
package import Telemetry

/// Notes in the log why the store stopped taking writes, and when it took them again.
///
/// The client learns neither: the reason is for the operator, who may come after it has passed.
package enum HealthLog {
    /// Writes one line for each change, until the store is closed.
    package static func follow(
        _ updates: AsyncStream<StoreHealth>, log: any LogSink, clock: any WallClock
    ) async {
        var wasTakingWrites = true
        for await health in updates {
            switch health {
            case .takingWrites:
                // The first that is told is the present health.
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
