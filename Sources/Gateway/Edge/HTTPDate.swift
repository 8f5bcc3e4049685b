internal import Primitives

/// The date form of HTTP headers.
enum HTTPDate {
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// RFC 9110's IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    static func text(_ timestamp: Timestamp) -> String {
        let date = CalendarDate(timestamp)
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let day = "\(self.weekdays[date.weekdayIndex]), \(two(date.day)) \(self.months[date.month - 1]) \(date.year)"
        return "\(day) \(two(date.hour)):\(two(date.minute)):\(two(date.second)) GMT"
    }
}
