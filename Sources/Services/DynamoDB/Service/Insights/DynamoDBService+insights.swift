internal import Primitives
internal import ServiceKit

extension DynamoDBService {
    /// Starts reporting the most accessed and most throttled keys each minute.
    func startPublishingInsights() {
        self.jobs.start("contributor insights", in: .everyProcess) {
            while !Task.isCancelled {
                // Sleep throws only on cancellation; what was counted until then is still reported.
                try? await Task.sleep(for: .seconds(KeyInsights.pauseSeconds))
                self.publishInsights()
            }
        }
    }

    /// Reports the counts since the last report.
    package func publishInsights() {
        self.items.insights.tell(self.telemetry, now: self.clock.now())
    }
}
