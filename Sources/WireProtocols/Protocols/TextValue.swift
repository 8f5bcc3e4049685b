internal import Primitives
internal import ServiceModel

/// A value that stands in a request as text: in a field of a form, an XML element, a header or a part of the path.
struct TextValue<Text: RandomAccessCollection<UInt8>> {
    let text: Text
    let member: MemberSchema

    init(_ text: Text, _ member: MemberSchema) {
        self.text = text
        self.member = member
    }

    /// - Throws: `invalidValue` also for a number that the member's type does not hold.
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

    /// A time in the model's format, or in the given one where it names none.
    func timestamp(_ format: TimestampFormat) throws(ShapeError) -> Timestamp {
        guard let time = TimestampText.parse(self.text, as: self.member.timestampFormat ?? format) else {
            throw self.fault
        }
        return time
    }

    /// What a value that cannot be read is refused with.
    var fault: ShapeError {
        .invalidValue(
            String(decoding: self.text, as: UTF8.self), expected: self.member.target.type, member: self.member.name)
    }
}
