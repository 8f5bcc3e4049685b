internal import Primitives
internal import ServiceKit

extension DynamoDBService {
    /// Begins to tell each minute which keys were accessed and throttled most.
    func startTellingInsights() {
        self.jobs.start("contributor insights", in: .everyProcess) {
            while !Task.isCancelled {
                // Sleep throws only on cancellation; what was counted until then is told once more.
                try? await Task.sleep(for: .seconds(KeyInsights.pauseSeconds))
                self.tellInsights()
            }
        }
    }

    /// Tells what was counted since the last time.
    package func tellInsights() {
        self.items.insights.tell(self.telemetry, now: self.clock.now())
    }
}
