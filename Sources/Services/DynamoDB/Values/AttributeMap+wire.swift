package import ServiceModel

extension AttributeMap: BoundShape {
    package static var missing: AttributeMap { AttributeMap() }

    /// Transcodes the wire form to the stored form in one pass; a violated rule is recorded in `failure`.
    ///
    /// As soon as the item is certainly too large, the rest of it is skipped: the part that was read exceeds
    /// `itemBytesMax` by itself, so the operation refuses the item when it checks sizes. A key never reaches the limit.
    package init(from reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) {
        let isOfExpression = member.target.name == Self.expressionValuesShape
        var transcoder = ValueTranscoder(
            chargedBytesMax: isOfExpression ? Self.expressionParametersBytesMax : Self.itemBytesMax, isMeasured: true)
        var place = transcoder.builder.beginMapBody()
        try transcoder.entries(reader.wire, member, &place, isTop: true)
        transcoder.builder.endMapBody(place)
        transcoder.builder.endMeasuring(transcoder.chargedBytes)
        if isOfExpression, transcoder.isOver {
            transcoder.builder.fail(.expressionValuesTooLarge)
        } else if transcoder.hasDropped, transcoder.hasRepetition {
            // For a repeated name only one value counts, so the remaining item may be small enough, but incomplete.
            transcoder.builder.fail(.itemTooLarge)
        }
        self.init(transcoder.builder)
    }

    /// An estimate of its size on the wire, more often too large than too small: JSON's brackets, quotes and type names
    /// are longer than their stored counterparts.
    private var writtenBytes: Int { self.byteCount + self.byteCount / 4 + 32 }

    /// The model's name of ExpressionAttributeValues' shape.
    private static let expressionValuesShape = "ExpressionAttributeValueMap"
    /// The limit for an expression's names and values, in bytes as charged for items.
    /// - Source: DynamoDB Developer Guide, "Quotas", "Expression parameters".
    package static let expressionParametersBytesMax = 2 << 20

    package func write(to writer: any ShapeWriter, _ member: MemberSchema) {
        if writer.json({ StoredJSON.map(self, to: &$0) }) { return }
        StoredValueWriter(writer, member.target.value.target)
            .entries(self.storage.span, at: self.bodyStart, self.range.upperBound, member)
    }

    package static func write(_ values: [AttributeMap], to writer: any ShapeWriter, _ list: MemberSchema) {
        let element = list.target.element
        writer.reserve(values.reduce(0) { $0 + $1.writtenBytes })
        if writer.json({ StoredJSON.list(values, to: &$0) }) { return }
        writer.beginList(list, count: values.count)
        let items = StoredValueWriter(writer, element.target.value.target)
        for value in values {
            writer.element(element)
            items.entries(value.storage.span, at: value.bodyStart, value.range.upperBound, element)
        }
        writer.endList(list)
    }
}

extension AttributeMap.Failure {
    static let itemTooLarge = Self(attribute: "", message: ValidationFailure.itemTooLarge.message)
    package static let expressionValuesTooLarge = Self(
        attribute: "",
        message: ValidationFailure.expressionParametersTooLarge("ExpressionAttributeValues").message
    )
}

/// A single attribute value bound to a member, such as an element of a list of values.
package struct BoundAttributeValue: Sendable, Equatable, BoundShape {
    /// A map with the one attribute `value`: the same stored form as an item's.
    let holder: AttributeMap
    static let name = Array("value".utf8)

    package static var missing: BoundAttributeValue { BoundAttributeValue(.null) }

    package init(_ value: AttributeValue) {
        self.holder = AttributeMap(AttributeTree([.init("value", value)]))
    }

    package init(from reader: ShapeReader, _ member: MemberSchema) throws(ShapeError) {
        var transcoder = ValueTranscoder(chargedBytesMax: AttributeMap.itemBytesMax, isMeasured: false)
        var place = transcoder.builder.beginMapBody()
        place.count = 1
        transcoder.builder.appendName(Self.name[...])
        try transcoder.value(reader.wire, member.target)
        transcoder.builder.endMapBody(place)
        if transcoder.hasDropped { transcoder.builder.fail(.itemTooLarge) }
        self.holder = AttributeMap(transcoder.builder)
    }

    package var failure: AttributeMap.Failure? { self.holder.failure }

    /// The value in its stored form.
    package var stored: StoredValue? { self.holder.value(Self.name) }

    package var value: AttributeValue { self.holder.value(Self.name)?.tree ?? .null }

    package func write(to writer: any ShapeWriter, _ member: MemberSchema) {
        guard let value = self.holder.value(Self.name) else { return }
        let range = value.range
        if writer.json({ StoredJSON.value(value.bytes.span, at: range.lowerBound, range.upperBound, to: &$0) }) {
            return
        }
        StoredValueWriter(writer, member.target).value(value.bytes.span, at: range.lowerBound, range.upperBound)
    }
}

/// The members of the model's `AttributeValue`, in its order; the order is asserted when a value is read.
let attributeMemberTypes: [AttributeType] = [.s, .n, .b, .ss, .ns, .bs, .m, .l, .null, .bool]

func attributeType(_ index: Int, _ schema: ShapeSchema) -> AttributeType {
    let type = attributeMemberTypes[index]
    assert(schema.members[index].name == type.descriptor, "AttributeValue's members are not in the known order")
    return type
}
