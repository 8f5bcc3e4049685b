internal import KeyValue
internal import Primitives
internal import ServiceKit

extension DynamoDBService {
    private static let trimmingPauseSeconds = 600

    /// Trims change logs every ten minutes until the server stops.
    func startTrimming() {
        self.jobs.start("trim change logs") {
            while !Task.isCancelled {
                await self.trimLogs()
                // Sleep throws only when the server stops, which the loop's condition sees.
                try? await Task.sleep(for: .seconds(Self.trimmingPauseSeconds))
            }
        }
    }

    /// Trims the change logs of all tables once.
    package func trimLogs() async {
        do throws(StorageError) {
            try await LogTrimming(store: self.store, now: self.clock.now())()
        } catch {
            // The error of the store is reported on /readyz; the next round tries again.
            return
        }
    }
}
