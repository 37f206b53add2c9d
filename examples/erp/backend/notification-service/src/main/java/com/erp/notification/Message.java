package com.erp.notification;

/** 결재 결과 알림: 문구와 그 개정 차수. */
record Message(String text, int edition) {

    /** 문구의 개정 차수. */
    static final int EDITION = 1;

    private static final char FIRST_SYLLABLE = '가';
    private static final char LAST_SYLLABLE = '힣';
    private static final int FINALS = 28;

    static Message of(String title, ApprovalStatus status) {
        return new Message("결재 '%s'%s %s.".formatted(title, particle(title), status.verb()), EDITION);
    }

    /** 받침이 있으면 '이', 없으면 '가', 한글로 끝나지 않으면 '이(가)'. */
    private static String particle(String word) {
        char last = word.charAt(word.length() - 1);
        if (last < FIRST_SYLLABLE || last > LAST_SYLLABLE) {
            return "이(가)";
        }
        return (last - FIRST_SYLLABLE) % FINALS == 0 ? "가" : "이";
    }
}
