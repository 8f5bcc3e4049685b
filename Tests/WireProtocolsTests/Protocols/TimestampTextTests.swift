import Primitives
import ServiceModel
import Testing
import WireProtocols

@Suite struct TimestampTextTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT", "0"),
            (1_398_796_238_000, "2014-04-29T18:30:38Z", "Tue, 29 Apr 2014 18:30:38 GMT", "1398796238"),
            (1_398_796_238_005, "2014-04-29T18:30:38.005Z", "Tue, 29 Apr 2014 18:30:38 GMT", "1398796238.005"),
            (1_398_796_238_500, "2014-04-29T18:30:38.500Z", "Tue, 29 Apr 2014 18:30:38 GMT", "1398796238.5"),
            (-1, "1969-12-31T23:59:59.999Z", "Wed, 31 Dec 1969 23:59:59 GMT", "-0.001"),
            (-62_135_596_800_000, "0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 GMT", "-62135596800"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT", "253402300799.999"),
        ] as [(Int64, String, String, String)])
    func `a time has its text in every format`(
        _ milliseconds: Int64, _ dateTime: String, _ httpDate: String, _ epochSeconds: String
    ) {
        let time = Timestamp(millisecondsSinceEpoch: milliseconds)
        #expect(TimestampText.string(time, as: .dateTime) == dateTime)
        #expect(TimestampText.string(time, as: .httpDate) == httpDate)
        #expect(TimestampText.string(time, as: .epochSeconds) == epochSeconds)
        #expect(TimestampText.parse(Array(dateTime.utf8), as: .dateTime) == time)
        #expect(TimestampText.parse(Array(epochSeconds.utf8), as: .epochSeconds) == time)
        let seconds = Timestamp(secondsSinceEpoch: time.secondsSinceEpoch)
        #expect(TimestampText.parse(Array(httpDate.utf8), as: .httpDate) == seconds)
    }

    @Test(
        arguments: [
            ("1985-04-12T23:20:50.52Z", TimestampFormat.dateTime, 482_196_050_520),
            ("1985-04-12T23:20:50.123456789Z", .dateTime, 482_196_050_123),
            ("Sun, 02 Jan 2000 20:34:56.456 GMT", .httpDate, 946_845_296_456),
            ("1.398796238E9", .epochSeconds, 1_398_796_238_000), ("1515531081.1239", .epochSeconds, 1_515_531_081_123),
        ] as [(String, TimestampFormat, Int64)])
    func `other spellings of a time are read`(_ text: String, _ format: TimestampFormat, _ milliseconds: Int64) {
        #expect(
            TimestampText.parse(Array(text.utf8), as: format) == Timestamp(millisecondsSinceEpoch: milliseconds))
    }

    @Test(arguments: [
        ("2014-02-30T00:00:00Z", TimestampFormat.dateTime), ("2014-04-29T24:00:00Z", .dateTime),
        ("2014-04-29T18:30:38+01:00", .dateTime), ("2014-04-29T18:30:38.Z", .dateTime), ("2014-04-29", .dateTime),
        ("2014-04-29t18:30:38z", .dateTime), ("Tue, 29 apr 2014 18:30:38 GMT", .httpDate),
        ("Tue, 29 Apr 2014 18:30:38 UTC", .httpDate), ("Tuesday, 29-Apr-14 18:30:38 GMT", .httpDate),
        ("", .epochSeconds), ("NaN", .epochSeconds), ("1e400", .epochSeconds), ("253402300800", .epochSeconds),
        ("99999999999999999999", .epochSeconds), ("0x10", .epochSeconds), ("1.", .epochSeconds),
    ])
    func `texts that are no time are refused`(_ text: String, _ format: TimestampFormat) {
        #expect(TimestampText.parse(Array(text.utf8), as: format) == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("007", 7), ("1e3", 1000), ("1.5e1", 15), ("12345e-3", 12),
            ("-9223372036854775808", .min),
            ("9223372036854775807", .max), ("9223372036854775808", nil), ("1e19", nil), ("1e999999999999", nil),
            ("0e999999999999", 0), ("1e-999999999999", 0), ("100e-2", 1),
        ] as [(String, Int64?)])
    func `decimals are cut to whole numbers exactly`(_ text: String, _ expected: Int64?) {
        #expect(NumberText.decimal(Array(text.utf8))?.truncated() == expected)
    }

    @Test(arguments: ["", "-", "+1", "1.", ".1", "1e", "1e+", "1 ", " 1", "0x1", "1_000", "١", "Infinity"])
    func `texts that are no decimal are refused`(_ text: String) {
        #expect(NumberText.decimal(Array(text.utf8)) == nil)
        #expect(NumberText.integer(Array(text.utf8)) == nil)
    }
}
