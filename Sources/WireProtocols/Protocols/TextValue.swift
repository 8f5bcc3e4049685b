internal import Primitives
internal import ServiceModel

/// A value that a request contains as text: in a form field, an XML element, a header or a part of the path.
struct TextValue<Text: RandomAccessCollection<UInt8>> {
    let text: Text
    let member: MemberSchema

    init(_ text: Text, _ member: MemberSchema) {
        self.text = text
        self.member = member
    }

    /// - Throws: `invalidValue` also for a number outside the range of the member's type.
    func integer() throws(ShapeError) -> Int64 {
        guard let value = NumberText.integer(self.text),
            NumberText.range(of: self.member.target.type)?.contains(value) ?? true
        else { throw self.fault }
        return value
    }

    func double() throws(ShapeError) -> Double {
        guard let value = NumberText.double(self.text) else { throw self.fault }
        return value
    }

    func bigNumber() throws(ShapeError) -> String {
        guard NumberText.decimal(self.text) != nil else { throw self.fault }
        return String(decoding: self.text, as: UTF8.self)
    }

    /// A time in the model's format, or in the given one if the model specifies none.
    func timestamp(_ format: TimestampFormat) throws(ShapeError) -> Timestamp {
        guard let time = TimestampText.parse(self.text, as: self.member.timestampFormat ?? format) else {
            throw self.fault
        }
        return time
    }

    /// The error for a value that cannot be parsed.
    var fault: ShapeError {
        .invalidValue(
            String(decoding: self.text, as: UTF8.self), expected: self.member.target.type, member: self.member.name)
    }
}
