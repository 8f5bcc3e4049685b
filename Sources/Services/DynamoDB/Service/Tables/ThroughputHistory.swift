internal import DynamoDBModel
internal import Primitives
internal import ServiceModel

/// When provisioned throughput was last changed, and how often it was decreased on that day.
struct ThroughputHistory: Sendable, Equatable {
    /// The number of decreases in a UTC day that need no pause between them, and the pause before later ones.
    /// - Source: DynamoDB Developer Guide, "Quotas", "Decreasing provisioned throughput".
    static let freeDecreasesMax = 4
    static let decreaseIntervalSeconds: Int64 = 3600

    var lastIncrease: Timestamp?
    var lastDecrease: Timestamp?
    /// Decreases on the UTC day of the last one.
    var decreaseCount = 0

    func decreasesToday(_ now: Timestamp) -> Int {
        guard let lastDecrease, Self.day(lastDecrease) == Self.day(now) else { return 0 }
        return self.decreaseCount
    }

    /// Records a change. A request may increase one kind of units and decrease the other.
    /// - Throws: `LimitExceededException` when there were too many decreases.
    mutating func change(from old: Throughput, to new: Throughput, _ now: Timestamp) throws(ServiceError) {
        if new.read < old.read || new.write < old.write {
            let count = self.decreasesToday(now)
            if count >= Self.freeDecreasesMax, let lastDecrease {
                let next = Timestamp(
                    millisecondsSinceEpoch: lastDecrease.millisecondsSinceEpoch + Self.decreaseIntervalSeconds * 1000)
                guard now >= next else { throw Self.tooManyDecreases(count, lastDecrease, next) }
            }
            self.noteDecrease(now)
        }
        if new.read > old.read || new.write > old.write { self.lastIncrease = now }
    }

    mutating func noteDecrease(_ now: Timestamp) {
        self.decreaseCount = self.decreasesToday(now) + 1
        self.lastDecrease = now
    }

    private static func day(_ time: Timestamp) -> Int64 {
        time.secondsSinceEpoch.flooredQuotient(86_400)
    }

    private static func tooManyDecreases(_ count: Int, _ last: Timestamp, _ next: Timestamp) -> ServiceError {
        DynamoDBError.limitExceeded(
            message: "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
                + "After the first \(self.freeDecreasesMax) decreases, each subsequent decrease in the same UTC day "
                + "can be performed at most once every \(self.decreaseIntervalSeconds) seconds. Number of decreases "
                + "today: \(count). Last decrease at \(self.text(last)). Next decrease can be made at "
                + self.text(next)
        )
    }

    /// The form of a time in these sentences: `Monday, February 13, 2023 at 10:25:39 AM Coordinated Universal Time`.
    static func text(_ time: Timestamp) -> String {
        let date = CalendarDate(time)
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let hour = date.hour % 12 == 0 ? 12 : date.hour % 12
        return "\(self.weekdays[date.weekdayIndex]), \(self.months[date.month - 1]) \(date.day), \(date.year) at "
            + "\(hour):\(padded(date.minute)):\(padded(date.second)) \(date.hour < 12 ? "AM" : "PM") "
            + "Coordinated Universal Time"
    }

    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
}
